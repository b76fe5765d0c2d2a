"""The page of settings: every key of a service's settings file, and every environment variable."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, missing
from marshmallow.validate import OneOf, Range

from ngao.chassis.sections import section_of
from ngao.chassis.settings import Settings
from tools.generating.text import NOTICE, table

ROOT = Path(__file__).resolve().parents[2]
OWN = ("intake", "notify", "referral", "console")
_READERS = ("ngao", "services", "bin", "docker-compose.yml", "deploy/images/build.sh")
_VARIABLE = re.compile(r"\bNGAO_[A-Z][A-Z_]*[A-Z]\b")
_FAMILIES = ("NGAO_TEST_", "NGAO_URL_", "NGAO_PORT_")
"""Variables of tests, and families with a name at the end, which have one row each."""
_TYPES = {
    "AwareDateTime": "date and time",
    "Boolean": "true or false",
    "Dict": "table",
    "Email": "e-mail address",
    "Float": "number",
    "Integer": "whole number",
    "List": "list",
    "String": "text",
    "Url": "address",
}
_INTRO = """A service reads one TOML file at startup (`config/<service>.toml` of a home, `deploy/wire/` of a deployment). An
unknown or a missing key stops the start with an error that names it. Secrets are never in the file: it names the files of
secrets. Relative paths start at the file's own folder."""
_OWN = """## The section `own` of {service}

In `config/{service}.own.toml` of a home, or in the file that `own_file` names."""
_VARIABLES = """## Environment variables

Of the commands, of compose (`.env`) and of the services. `NGAO_TEST_...` are for tests only."""

KEYS = {
    "service": "The name of the service.",
    "http.host": "The address that the service listens on.",
    "http.port": "Its port; 0 chooses a free one.",
    "http.public_url": "Its own address in answers. `NGAO_PUBLIC_URL` overrides it. Default: from host and port.",
    "http.max_body_bytes": "The largest body of a request, in bytes.",
    "http.rate_per_second": "Requests per second of one key.",
    "http.burst": "Requests of one key that may come together.",
    "http.reuse_port": "Let several processes of the service share the port.",
    "http.inside_port": "A port of its own for metrics and health.",
    "http.operators_port": "A port of its own for operators.",
    "http.proxied_from": "Gates in front of `port`: each connection begins with PROXY protocol v2.",
    "http.cert_file": "The server's certificate. With it the service speaks only TLS.",
    "http.key_file": "The key of the certificate.",
    "broker.host": "The broker's host.",
    "broker.port": "The broker's AMQP port.",
    "broker.username": "The service's own account: `svc-<service>`.",
    "broker.vhost": "The virtual host of the services.",
    "broker.edge_vhost": "The virtual host of sources and partners.",
    "broker.heartbeat": "Seconds between heartbeats.",
    "broker.ca_file": "The authorities to trust. With it the connection is TLS.",
    "broker.cert_file": "A client certificate.",
    "broker.key_file": "The key of the client certificate.",
    "broker.password_file": "The file of the account's password.",
    "broker.held_too_long_s": "Seconds after which a message in processing makes the service not ready.",
    "store.hosts": "`host:port[,host:port]` of MongoDB.",
    "store.replica_set": "The name of the replica set.",
    "store.database": "The service's own database.",
    "store.username": "The service's own account.",
    "store.ca_file": "The authorities to trust. With it the connection is TLS.",
    "store.timeout_ms": "Milliseconds to wait for the store.",
    "store.password_file": "The file of the account's password.",
    "own": "The service's own section, see below.",
    "own_file": "A file whose content extends the section `own`.",
    "approvals.mode": "`two` requires a second operator for some operations. `NGAO_APPROVALS` overrides it.",
    "approvals.within_s": "Seconds until a request for approval expires.",
    "audit.look_every_s": "Seconds between checks of the service's own audit trail.",
    "audit.heads_every_s": "Seconds between published heads of the audit chains.",
    "audit.chained_within_s": "Seconds that acts on record wait, so that many are appended to their chains together.",
    "audit.heads_late_after": "Missed heads of another service that raise an alarm.",
    "audit.lists_within_s": "Seconds in which readings of one list are one audit entry; 0 for one entry each.",
    "keys.directory": "The folder of the service's private keys.",
    "keys.public_directory": "The folder of public keys.",
    "policy.directories": "Folders of policy files; a later one replaces files of an earlier one.",
    "operators.file": "The list of operators, with hashes of their keys.",
    "logging.level": "The lowest level that is logged.",
    "retry.tiers_s": "Seconds before each retry of a message; then it is parked.",
    "start.within_s": "Seconds to wait for broker and store at startup.",
    "events.accept_unsigned_until": "Accept unsigned events until then. `NGAO_ACCEPT_UNSIGNED_UNTIL` overrides it.",
    "intake.own.phone_region": "The region of phone numbers without a country code. Default: `default_region` of identity.yaml.",
    "intake.own.dry_runs_per_hour": "Dry runs about a named person that one source may make per hour.",
    "intake.own.dry_runs_per_day": "The same per day.",
    "intake.own.quarantine_bodies": "Submissions of one source that the quarantine stores.",
    "intake.own.quarantine_bytes": "Bytes of one source that the quarantine stores.",
    "console.own.organisation.issuer": "The issuer's address at which people may sign in, by OpenID Connect.",
    "console.own.organisation.client_id": "What this console is called there.",
    "console.own.organisation.secret_file": "The file with the client's secret.",
    "notify.own.link": (
        "The address for `{link}` in templates. `{reference}` in it is the message's: the console's `/m/{reference}` leads to "
        "the case."
    ),
    "notify.own.longest_pause_s": "Longest pause between attempts while the mail server refuses the whole account, in seconds.",
    "notify.own.smtp.host": "The mail server's host.",
    "notify.own.smtp.port": "The mail server's port.",
    "notify.own.smtp.from": "The sender's address. Recipients see it, so choose a neutral one.",
    "notify.own.smtp.tls": "How the connection is encrypted.",
    "notify.own.smtp.username": "The account at the mail server.",
    "notify.own.smtp.password_file": "The file of its password, an absolute path.",
    "notify.own.gate.host": "The gate to the mail server, if it is the only connection to it.",
    "notify.own.gate.port": "The gate's port.",
    "referral.own.partners_file": "A file of partners to load at the first start.",
    "console.own.guesses_at_once": "How often in a row an address may try to sign in or to open an invitation.",
    "console.own.guesses_per_second": "How often it may afterwards.",
    "console.own.libraries": "Where Debian's packages of JavaScript are. A library that is not there is not used.",
    "console.own.lock_hidden_s": "A screen that is hidden is locked after this time, in seconds.",
    "console.own.lock_idle_s": "A screen on which nothing is done is locked after this time, in seconds.",
    "console.own.neutral": "Where `Leave now` leads: a page without anything personal.",
    "console.own.operators": "Where each other service takes operators' requests: its operators' port, if it has one.",
    "console.own.services": "The address of each other service, where its `/readyz` answers: its inside port, if it has one.",
}
VARIABLES = {
    "NGAO_ACCEPT_UNSIGNED_UNTIL": "A date and time until which services accept unsigned events, after an upgrade.",
    "NGAO_ALERTMANAGERS": "The folder of files that name Alertmanagers.",
    "NGAO_APPROVALS": "`two` or `single`: whether some operations need a second operator.",
    "NGAO_BACKUP_KEY_FILE": "The private backup key, for `ngao restore`.",
    "NGAO_BROKER_MANAGEMENT": "The address of the broker's management interface.",
    "NGAO_BROKER_PASSWORD_FILE": "The file of the broker administrator's password.",
    "NGAO_BROKER_USER": "The broker administrator's name.",
    "NGAO_CACHE": "The folder of downloaded programs. Default: `~/.cache/ngao`.",
    "NGAO_CA_FILE": "The authorities that the commands trust.",
    "NGAO_CONSOLE_URL": "The address at which staff open the web pages, such as `https://desk.example.org:8445`.",
    "NGAO_EDGE_ADDRESS": "`host:port` of the broker for outsiders.",
    "NGAO_EDGE_HTTP": "The address of intake for outsiders.",
    "NGAO_EDGE_PARTNERS": "The address of referral for partners.",
    "NGAO_EDGE_VHOST": "The virtual host of outsiders. Default: `ngao.edge`.",
    "NGAO_ENV_FILE": "The file of variables for `deploy/images/build.sh`. Default: `.env`.",
    "NGAO_HOME": "The folder of this machine's platform. Default: `.ngao` in the repository.",
    "NGAO_IMAGE": "The image of the services.",
    "NGAO_MAIL": "The file of notify's mail settings.",
    "NGAO_MAIL_SERVER": "`host:port` behind the mail gate. It must be that of notify's mail settings.",
    "NGAO_MONGOD": "A mongod to use instead of the bundled one.",
    "NGAO_ONBOARDING_KEY_FILE": "The private key that signs partners' keys.",
    "NGAO_OPERATOR_KEY_FILE": "The operator key of the commands.",
    "NGAO_PARTNERS_URL": "The address of referral in partners' accounts.",
    "NGAO_POLICY": "The folder of policy files that compose mounts.",
    "NGAO_PORTS": "The range of free ports, such as `20000-23999`.",
    "NGAO_PUBLIC_URL": "The public address of intake, in its answers.",
    "NGAO_PYTHON": "The Python that creates the environment.",
    "NGAO_RABBITMQ_SERVER": "A RabbitMQ start script to use instead of the system's.",
    "NGAO_SECRETS": "The secrets folder of a deployment.",
    "NGAO_SERVICES": "The services that `ngao up` starts. Default: all.",
    "NGAO_STORES": "Stores that `ngao provision` sets up: `service=host:port ...`.",
    "NGAO_VENV": "The folder of the Python environment. Default: `.venv` in the repository.",
    "NGAO_WIRE": "`tls` or `plain`: whether the deployment uses TLS.",
    "NGAO_PORT_...": "A port of the platform or of compose, such as `NGAO_PORT_INTAKE`.",
    "NGAO_URL_...": "The address of a service for the commands, such as `NGAO_URL_INTAKE`.",
}


def files() -> dict[str, str]:
    """Return the one page."""
    found = keys()
    parts = [NOTICE, "# Settings", _INTRO, "## Keys of every service", _rows(found, "")]
    for service in OWN:
        parts += [_OWN.format(service=service), _rows(found, f"{service}.")]
    rows = [(f"`{name}`", VARIABLES.get(name, "")) for name in variables()]
    parts += [_VARIABLES, table(("variable", "meaning"), rows)]
    return {"docs/reference/settings.md": "\n\n".join(parts) + "\n"}


def keys() -> dict[str, fields.Field[Any]]:
    """Return every key with its field; the keys of a service's own section begin with the service's name."""
    found = dict(_fields(section_of(Settings, ROOT)(), ""))
    for service in OWN:
        module = importlib.import_module(f"services.{service}.settings")
        own = getattr(module, "_Own", None) or section_of(module.OwnSettings, ROOT)
        found |= dict(_fields(own(), f"{service}.own"))
    return found


def variables() -> list[str]:
    """Return every environment variable that the code or compose reads; a family is one."""
    files = [file for place in _READERS for file in _files(ROOT / place)]
    named = {name for file in files for name in _VARIABLE.findall(file.read_text("utf-8"))}
    families = {f"{family}..." for family in _FAMILIES[1:]}
    return sorted(name for name in named if not name.startswith(_FAMILIES)) + sorted(families)


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(each for each in place.rglob("*") if each.suffix in {".py", ""} and each.is_file())


def _fields(schema: Schema, at: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, field in schema.fields.items():
        place = f"{at}.{field.data_key or name}".strip(".")
        if isinstance(field, fields.Nested):
            yield from _fields(field.schema, place)
        else:
            yield place, field


def _rows(found: dict[str, fields.Field[Any]], start: str) -> str:
    chosen = {name: field for name, field in found.items() if name.startswith(tuple(f"{each}." for each in OWN)) == bool(start)}
    rows = [
        (f"`{name.removeprefix(start)}`", _type(field), _default(field), KEYS.get(name, ""))
        for name, field in chosen.items()
        if name.startswith(start)
    ]
    return table(("key", "type", "default", "meaning"), rows)


def _type(field: fields.Field[Any]) -> str:
    limits = []
    for each in field.validate if isinstance(field.validate, list | tuple) else [field.validate]:
        if isinstance(each, Range):
            limits.append(f"{each.min} to {each.max}" if each.max is not None else f"at least {each.min}")
        if isinstance(each, OneOf):
            limits.append(", ".join(f"`{choice}`" for choice in each.choices))
    return ": ".join([_TYPES.get(type(field).__name__, "text"), *limits])


def _default(field: fields.Field[Any]) -> str:
    if field.required:
        return "required"
    default = field.load_default
    if default is missing or default is None or default in ("", (), {}):
        return "-"
    return f"`{list(default) if isinstance(default, tuple) else str(default).lower() if isinstance(default, bool) else default}`"
