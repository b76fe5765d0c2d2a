"""The two files of variables beside the secrets: `.env` for compose, `operator/ngao.env` for the commands on the host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ngao.deployment.atomic_files import merge_variables, read_variables, write_whole
from ngao.deployment.naming import ADMINISTRATOR, EDGE_VHOST, SERVICES
from ngao.deployment.secrets_folder import SecretsFolder

TLS, PLAIN = "tls", "plain"
_LOCAL, _EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  # where compose publishes what outsiders use
PUBLISHED = {
    "NGAO_PORT_EDGE_AMQP": (_EVERYWHERE, 5671),
    "NGAO_PORT_EDGE_HTTP": (_EVERYWHERE, 8443),
    "NGAO_PORT_EDGE_PARTNERS": (_EVERYWHERE, 8444),
    "NGAO_PORT_EDGE_CONSOLE": (_EVERYWHERE, 8445),
    "NGAO_PORT_DESK_INTAKE": (_LOCAL, 9441),
    "NGAO_PORT_DESK_REFERRAL": (_LOCAL, 9442),
    "NGAO_PORT_DESK_NOTIFY": (_LOCAL, 9443),
    "NGAO_PORT_DESK_REGISTRY": (_LOCAL, 9444),
    "NGAO_PORT_DESK_CONSOLE": (_LOCAL, 9445),
    "NGAO_PORT_DESK_MANAGEMENT": (_LOCAL, 15671),
}
"""The variable of each published port, with its address and its default."""

_CALLED_OUTSIDE = {"NGAO_PUBLIC_URL": "NGAO_EDGE_HTTP", "NGAO_PARTNERS_URL": "NGAO_EDGE_PARTNERS"}
"""The variables of both: their names in `.env` and in `ngao.env`."""


def wire_of(file: Path) -> str | None:
    """Return the wire mode that compose is set to: `tls`, `plain`, or None if it is unset."""
    return read_variables(file).get("NGAO_WIRE")


def write_both(folder: SecretsFolder, compose: Path, hosts: Sequence[str], wire: str) -> str:
    """Write both files and keep an operator's own lines. Return the public address of intake.

    The host's file records the name that we have set. It is written last: only such a name in the other file is ours to change.
    """
    ours, before, named = _values_for(folder, compose, hosts, wire), _known_values(folder), read_variables(compose)
    chosen = {
        theirs: named[theirs] if named.get(theirs) and named[theirs] not in {ours[mine], before.get(mine)} else ours[mine]
        for theirs, mine in _CALLED_OUTSIDE.items()
    }
    own = folder.root.relative_to(compose.parent) if folder.root.is_relative_to(compose.parent) else None
    values = {"NGAO_SECRETS": f"./{own}" if own else str(folder.root), "NGAO_WIRE": wire, **chosen}
    write_whole(compose, merge_variables(compose.read_text("utf-8") if compose.exists() else "", values), 0o644)
    write_operator(folder, compose, hosts, wire)
    return chosen["NGAO_PUBLIC_URL"]


def write_operator(folder: SecretsFolder, compose: Path, hosts: Sequence[str], wire: str) -> None:
    """Write all addresses for the commands of this host. An operator's own lines stay."""
    file = folder.at("operator", "ngao.env")
    text = file.read_text("utf-8") if file.exists() else f"# For the commands on this host: set -a; . {file}; set +a\n"
    folder.write(merge_variables(text, _values_for(folder, compose, hosts, wire)), "operator", "ngao.env")


def _known_values(folder: SecretsFolder) -> dict[str, str]:
    return read_variables(folder.at("operator", "ngao.env"))


def _values_for(folder: SecretsFolder, compose: Path, hosts: Sequence[str], wire: str) -> dict[str, str]:
    known = _known_values(folder).get("NGAO_EDGE_ADDRESS", "localhost").rpartition(":")[0]
    host, ports = hosts[0] if hosts else known or "localhost", read_variables(compose)
    scheme = "https" if wire == TLS else "http"
    port = {variable: ports.get(variable) or str(default) for variable, (_, default) in PUBLISHED.items()}
    return {
        **{f"NGAO_URL_{each.upper()}": f"{scheme}://localhost:{port[f'NGAO_PORT_DESK_{each.upper()}']}" for each in SERVICES},
        "NGAO_OPERATOR_KEY_FILE": str(folder.at("operator", "operator.key")),
        "NGAO_ONBOARDING_KEY_FILE": str(folder.at("operator", "onboarding.key")),
        "NGAO_CA_FILE": str(folder.at("public", "ca.pem")) if wire == TLS else "",
        "NGAO_BROKER_MANAGEMENT": f"{scheme}://localhost:{port['NGAO_PORT_DESK_MANAGEMENT']}",
        "NGAO_BROKER_USER": ADMINISTRATOR,
        "NGAO_BROKER_PASSWORD_FILE": str(folder.at("operator", "broker-admin.password")),
        "NGAO_SECRETS": str(folder.root),
        "NGAO_EDGE_VHOST": EDGE_VHOST,
        "NGAO_EDGE_ADDRESS": f"{host}:{port['NGAO_PORT_EDGE_AMQP']}",
        "NGAO_EDGE_HTTP": f"{scheme}://{host}:{port['NGAO_PORT_EDGE_HTTP']}",
        "NGAO_EDGE_PARTNERS": f"{scheme}://{host}:{port['NGAO_PORT_EDGE_PARTNERS']}",
    }
