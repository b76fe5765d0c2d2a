"""The two lists of variables beside the secrets: `.env` for compose, `operator/ngao.env` for the commands on the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ngao.deployment.files import merge_variables, read_variables, write_whole
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.names import ADMINISTRATOR, EDGE_VHOST

TLS, PLAIN = "tls", "plain"
_PORTS = {
    "INTAKE": ("NGAO_PORT_DESK_INTAKE", 9441),
    "REFERRAL": ("NGAO_PORT_DESK_REFERRAL", 9442),
    "NOTIFY": ("NGAO_PORT_DESK_NOTIFY", 9443),
    "REGISTRY": ("NGAO_PORT_DESK_REGISTRY", 9444),
}
_MANAGEMENT = ("NGAO_PORT_DESK_MANAGEMENT", 15671)
_EDGE_AMQP, _EDGE_HTTP = ("NGAO_PORT_EDGE_AMQP", 5671), ("NGAO_PORT_EDGE_HTTP", 8443)


def wire_of(file: Path) -> str | None:
    """Whether compose was told to speak TLS (`tls`) or not (`plain`); None when it was told nothing."""
    return read_variables(file).get("NGAO_WIRE")


def write_compose(file: Path, folder: Path, wire: str, outside: str) -> None:
    """Tell compose where the secrets are, how to speak, and what intake is called outside; all other lines stay."""
    own = folder.relative_to(file.parent) if folder.is_relative_to(file.parent) else None
    values = {"NGAO_SECRETS": f"./{own}" if own else str(folder), "NGAO_WIRE": wire, "NGAO_PUBLIC_URL": outside}
    _merge(file, values)


def write_operator(folder: SecretsFolder, compose: Path, hosts: Sequence[str], wire: str) -> str:
    """Tell the commands of this host where everything is; lines of an operator's own stay. Gives intake's outer address."""
    file = folder.at("operator", "ngao.env")
    known = read_variables(file)
    host = hosts[0] if hosts else known.get("NGAO_EDGE_ADDRESS", "localhost").rpartition(":")[0] or "localhost"
    values = _values(folder, host, wire, read_variables(compose))
    text = file.read_text("utf-8") if file.exists() else f"# For the commands on this host: set -a; . {file}; set +a\n"
    folder.write(merge_variables(text, values), "operator", "ngao.env")
    return values["NGAO_EDGE_HTTP"]


def _values(folder: SecretsFolder, host: str, wire: str, ports: Mapping[str, str]) -> dict[str, str]:
    scheme = "https" if wire == TLS else "http"
    urls = {f"NGAO_URL_{name}": f"{scheme}://localhost:{_port(ports, port)}" for name, port in _PORTS.items()}
    return {
        **urls,
        "NGAO_OPERATOR_KEY_FILE": str(folder.at("operator", "operator.key")),
        "NGAO_CA_FILE": str(folder.at("public", "ca.pem")) if wire == TLS else "",
        "NGAO_BROKER_MANAGEMENT": f"{scheme}://localhost:{_port(ports, _MANAGEMENT)}",
        "NGAO_BROKER_USER": ADMINISTRATOR,
        "NGAO_BROKER_PASSWORD_FILE": str(folder.at("operator", "broker-admin.password")),
        "NGAO_SECRETS": str(folder.root),
        "NGAO_EDGE_VHOST": EDGE_VHOST,
        "NGAO_EDGE_ADDRESS": f"{host}:{_port(ports, _EDGE_AMQP)}",
        "NGAO_EDGE_HTTP": f"{scheme}://{host}:{_port(ports, _EDGE_HTTP)}",
    }


def _port(ports: Mapping[str, str], named: tuple[str, int]) -> str:
    return ports.get(named[0]) or str(named[1])


def _merge(file: Path, values: Mapping[str, str]) -> None:
    text = file.read_text("utf-8") if file.exists() else ""
    write_whole(file, merge_variables(text, values), 0o644)
