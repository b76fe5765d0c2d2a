"""`ngao partner`: the organisations that take referrals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ngao.broker.management import Management
from ngao.broker.onboarding import account_name, is_onboarded, onboard, revoke
from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.cli import vouching
from ngao.cli.accounts import next_steps, save_key, write_account, write_certificate
from ngao.cli.api_client import Operator, Refused, Waits, operator
from ngao.cli.brokers import edge, management, public_url
from ngao.cli.locations import onboarding_key_file
from ngao.cli.output import AsJson, echo, show

app = typer.Typer(no_args_is_help=True, help="Partners that take referrals: lawyers, doctors, counsellors, safe houses, grants.")

PartnerId = Annotated[str, typer.Argument(help="The partner's id.")]
NewKey = Annotated[bool, typer.Option("--new-key", help="Give an existing partner a new key and a new broker password.")]
_HELD = ("case_ref", "need", "urgency", "state", "offer_id")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A YAML file; see docs/how-to/onboard-a-partner.md.")]


@app.command()
def add(file: File, new_key: NewKey = False) -> None:
    """Add or change one partner from a YAML file.

    The file has the fields of the directory (`id`, `name`, `support_types`, `counties`, `languages`, `capacity`,
    `public_key`, ...) and `contact: {email, language}`, the address for notifications. A new partner gets a key, a broker account
    and two queues.
    """
    content = _read(file)
    if not isinstance(content, dict):
        raise Misconfigured(f"{file} must have one partner. For a list use `ngao partner load`.")
    partner = _checked(content, file)
    with management() as broker:
        echo(_save(broker, partner, new_key=new_key))


@app.command()
def load(file: File, new_key: NewKey = False) -> None:
    """Add or change many partners from a YAML list, or a mapping with `partners:`. The whole file is checked first."""
    content = _read(file)
    listed = content.get("partners") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise Misconfigured(f"{file} must have a list of partners.")
    partners = [_checked(each, file) for each in listed]
    with management() as broker:
        for partner in partners:
            try:
                _save(broker, partner, new_key=new_key)
                echo(f"{partner['id']} saved")
            except Waits as waits:
                echo(f"{partner['id']}: {waits}")


@app.command()
def certificate(partner_id: PartnerId) -> None:
    """Create a new client certificate for the broker, because the old one expires or is lost. The account stays the same."""
    echo(write_certificate("partner", partner_id))


@app.command()
def vouch(
    partner_ids: Annotated[list[str] | None, typer.Argument(help="Partners' ids.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every partner with a key, for example after an upgrade.")] = False,
    key: Annotated[Path | None, typer.Option(help="The private onboarding key. Default: NGAO_ONBOARDING_KEY_FILE.")] = None,
) -> None:
    """Sign a partner's keys as they are in the directory. First compare the key ids with the partner, by phone.

    A vouch for the same keys gets one more signature. Changed keys need the signatures of two operators if two keys are trusted.
    Disclosures that were withheld because of the partner's keys are sent now.
    """
    referral = operator("referral")
    listed = referral.get("/v1/partners")["partners"]
    chosen = [each for each in listed if (everyone and each["public_key"]) or each["id"] in (partner_ids or ())]
    if missing := set(partner_ids or ()) - {each["id"] for each in chosen}:
        raise Misconfigured(f"Not in the directory: {', '.join(sorted(missing))}. Run `ngao partner list`.")
    if not chosen:
        raise Misconfigured("No partner chosen. Give partner ids, or --all.")
    for partner in chosen:
        echo(vouching.sign(referral, partner, key or onboarding_key_file()))


@app.command("list")
def list_partners(as_json: AsJson = False) -> None:
    """List the directory. `undelivered` counts events for a partner whose broker queue is missing or full; they are kept.

    Run `ngao partner add FILE` to create a missing queue again, with a new account file.
    """
    rows = operator("referral").get("/v1/partners")["partners"]
    columns = ("id", "name", "support_types", "counties", "capacity", "vetted", "suspended", "revoked", "undelivered")
    show(rows, columns, as_json=as_json, none="No partners yet. Add one with `ngao partner add`.")


@app.command("revoke")
def revoke_partner(partner_id: PartnerId, as_json: AsJson = False) -> None:
    """Revoke a partner immediately: open offers go to other partners, its key and its broker account are removed.

    The referrals that it had accepted are listed and shown to the duty officer, who decides about them. To reinstate a partner
    run `ngao partner add FILE --new-key`.
    """
    account_name("partner", partner_id)
    held, undone = _shut_out(partner_id)
    with management() as broker:
        revoke(broker, "partner", partner_id)
    if undone:
        raise Unavailable(
            f"The broker account of {partner_id} is removed, but the directory could not be changed: {undone} "
            "Its HTTP key and its open offers stay valid until you run this command again."
        )
    show(held, _HELD, as_json=as_json, none=f"Revoked {partner_id}: account, key and offers. It had no accepted referrals.")


def _shut_out(partner_id: str) -> tuple[list[dict[str, Any]], str]:
    """Revoke in the directory. Return the accepted referrals, and the error: a failure must not spare the broker account."""
    try:
        return operator("referral").post(f"/v1/partners/{partner_id}/revoke", {})["offers"], ""
    except (Misconfigured, Refused, Unavailable) as error:
        return [], str(error)


def _save(broker: Management, partner: Mapping[str, Any], *, new_key: bool) -> str:
    """Save one partner. Its broker queues come first, because an offer needs a queue.

    A revoked partner gets nothing before the directory has reinstated it, which may need the approval of another operator.

    If outsiders reach intake at a public address, but no public address of referral is set, the account has no HTTP interface.
    """
    partner_id, address, referral = partner["id"], edge(), operator("referral")
    record = {**partner, **vouching.of(referral, partner)}
    revoked = bool(vouching.known(referral, partner_id).get("revoked"))
    if revoked and not new_key:
        raise Misconfigured(f"{partner_id} was revoked. Give --new-key to reinstate it.")
    key_file = _put_directory(referral, record, new_key=True) if revoked else None
    folder = None
    if new_key or not is_onboarded(broker, address.vhost, "partner", partner_id):
        http_url = public_url("NGAO_EDGE_PARTNERS") or (None if public_url("NGAO_EDGE_HTTP") else referral.url)
        folder = write_account(onboard(broker, address, "partner", partner_id), http_url=http_url)
    if not revoked:
        key_file = _put_directory(referral, record, new_key=new_key)
    if partner.get("contact"):
        operator("notify").put(f"/v1/roster/partners/{partner_id}", partner["contact"])
    return next_steps(folder, key_file)


def _put_directory(referral: Operator, partner: Mapping[str, Any], *, new_key: bool) -> Path | None:
    """Save the partner in the directory. Return the file of its new HTTP key, if it got one. Raises Waits."""
    body = {name: value for name, value in partner.items() if name not in {"id", "contact"}}
    answer: dict[str, Any] = referral.put(f"/v1/partners/{partner['id']}", {**body, "new_key": True} if new_key else body)
    return save_key("partner", partner["id"], answer.get("key"))


def _read(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Misconfigured(f"{file} is not valid YAML.") from None


def _checked(partner: Any, file: Path) -> dict[str, Any]:
    if not isinstance(partner, dict) or not isinstance(partner.get("id"), str):
        raise Misconfigured(f"{file} has a partner without an id.")
    account_name("partner", partner["id"])
    return partner
