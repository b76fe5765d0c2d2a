#!/bin/sh
# Gives compose's demonstration a source and a partner, which then reach the platform as strangers do, through the edge gate only.
# Run on the host as root while the deployment is up; afterwards: docker compose --profile demo up -d
# Again and again is fine: both get new secrets.
set -eu
repository=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
ngao=$repository/bin/ngao
secrets=${NGAO_SECRETS:-$(sed -n 's/^NGAO_SECRETS=//p' "$repository/.env" 2>/dev/null | tail -n 1)}
case ${secrets:-./secrets} in /*) ;; *) secrets=$repository/${secrets:-./secrets} ;; esac

fail() { echo "onboard.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "the accounts are given to the containers' user, which only root can do: run this with sudo."
[ -r "$secrets/operator/ngao.env" ] || fail "there is no $secrets/operator/ngao.env: run bin/ngao secrets init and bring the deployment up first."
approvals=${NGAO_APPROVALS:-$(sed -n 's/^NGAO_APPROVALS=//p' "$repository/.env" 2>/dev/null | tail -n 1)}
[ "$approvals" = single ] || fail "a new source needs two operators here: to try the demonstration alone, put NGAO_APPROVALS=single into .env and run docker compose up -d again."
set -a
. "$secrets/operator/ngao.env"
set +a
# Under the name by which the gate is known inside the containers' network.
export NGAO_EDGE_ADDRESS=edge:5671 NGAO_EDGE_HTTP="${NGAO_EDGE_HTTP%%:*}://edge:8443" NGAO_EDGE_PARTNERS="${NGAO_EDGE_HTTP%%:*}://edge:8444"
NGAO_HOME=$(mktemp -d)
export NGAO_HOME
trap 'rm -rf "$NGAO_HOME"' EXIT

"$ngao" run python -m ngao.client keygen "$NGAO_HOME/key" >/dev/null
cat >"$NGAO_HOME/partner.yaml" <<END
id: demo-partner
name: Demonstration partner (invented)
support_types: [legal_aid, medical, psychosocial, digital_security]
counties: ["*"]
languages: [en, sw]
capacity: 1000
vetted: true
suspended: false
public_key: $(cat "$NGAO_HOME"/key/partner-*.pub)
signing_key: $(cat "$NGAO_HOME"/key/signing-*.pub)
contact: {email: demo-partner@example.org, language: en}
END
"$ngao" source add demo-source --new-key >/dev/null
"$ngao" partner add "$NGAO_HOME/partner.yaml" --new-key >/dev/null
"$ngao" officer add demo-officer --email demo-officer@example.org >/dev/null

accounts=$secrets/demo
rm -rf "$accounts"
mkdir -m 0700 "$accounts"
mv "$NGAO_HOME/accounts/source-demo-source" "$accounts/source"
mv "$NGAO_HOME/accounts/partner-demo-partner" "$accounts/partner"
mv "$NGAO_HOME"/key/partner-*.key "$NGAO_HOME"/key/signing-*.key "$accounts/partner/"
find "$accounts" -type f -exec chmod 0400 {} +
chown -R 10001:10001 "$accounts"
echo "A source and a partner are onboarded; docker compose --profile demo up -d starts them."
