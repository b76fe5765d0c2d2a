"""The files that each service reads at startup: settings, secrets, keys, and the list of operators."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ngao.broker.catalogue import wanted_of_catalogue
from ngao.broker.provisioning import BrokerSpec
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import hash_key, new_key
from ngao.chassis.settings import MODES, read_secret
from ngao.chassis.storage.connection import OUTBOX_DAYS
from ngao.deployment import first_keys
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.backup import sealed_file
from ngao.deployment.naming import (
    AT_EDGE,
    CONSOLE,
    DISCLOSING,
    OPERATOR_SCOPES,
    REPLICA_SET,
    SEALED_TO,
    SERVICES,
    database_of,
    period_of,
)
from ngao.deployment.operators import as_text, entries_in, entry
from ngao.local.binaries import javascript_folder
from ngao.local.home import REPOSITORY, Home
from ngao.local.ports import LOCAL

OPERATOR = "local"


def write_settings(home: Home, ports: Mapping[str, int]) -> None:
    """Write one settings file per service. An operator's `<service>.own.toml` beside it becomes its section `own`."""
    for service in SERVICES:
        own_file = own_settings_file(home, service)
        own = own_file.read_text("utf-8") if own_file.exists() else _default_own(service, ports)
        heading = "" if any(line.strip() == "[own]" for line in own.splitlines()) else "[own]\n"  # an operator may write it, too
        write_whole(home.config / f"{service}.toml", to_toml(_settings(home, service, ports)) + f"\n{heading}{own}")


def own_settings_file(home: Home, service: str) -> Path:
    """Return an operator's own settings for a service: for notify, the real mail server."""
    return home.config / f"{service}.own.toml"


def _default_own(service: str, ports: Mapping[str, int]) -> str:
    """Name the other services for console. For notify, name the mail server that writes to files, until there is a real one."""
    if service == CONSOLE:
        others = [f'{each} = "http://{LOCAL}:{ports[each]}"' for each in SERVICES if each != service]
        libraries = f"libraries = {json.dumps(str(javascript_folder()))}"
        return "\n".join((libraries, "[own.services]", *others, "", "[own.operators]", *others, ""))
    if service != "notify":
        return ""
    return f'[own.smtp]\nhost = "{LOCAL}"\nport = {ports["smtp"]}\nfrom = "desk@example.org"\ntls = "none"\n'


def write_keys(home: Home) -> None:
    """Create this month's keys of each service, and the pairs that others seal to. Existing keys are never changed."""
    period = period_of()
    _note_update(home)
    for service in SERVICES:
        first_keys.init_service_keys(home.keys / service, period)
        first_keys.init_signing_pair(home.keys / service, home.public_keys, period, service)
    first_keys.init_staff_pair(home.keys / CONSOLE, home.public_keys, period)
    for service in AT_EDGE:
        first_keys.init_edge_names(home.keys / service, home.secret("edge-names"))
    for recipient in SEALED_TO:
        first_keys.init_sealing_pair(home.keys / recipient, home.public_keys, period, owner=recipient)
    first_keys.init_onboarding(home.onboarding_key, [home.keys / service for service in DISCLOSING], OPERATOR)
    _write_backup_key(home)


def _note_update(home: Home) -> None:
    """Accept unsigned events after an upgrade: a home with keys, but without signing keys, has published unsigned events.

    They are accepted for as long as its outboxes keep events, and no longer.
    """
    has_keys = any((home.keys / service / "lookup.key").exists() for service in SERVICES)
    if has_keys and not any(keyfiles.periods_in(home.keys / service, "signing-") for service in SERVICES):
        until = datetime.now(UTC) + timedelta(days=OUTBOX_DAYS + 1)
        home.remember(accept_unsigned_until=until.isoformat(timespec="seconds"))


def _write_backup_key(home: Home) -> None:
    """Create the key that backups are sealed to. Its private half may be stored elsewhere afterwards."""
    public, private = home.public_keys / "backup.pub", home.backup_key
    if not public.exists():
        if not private.exists():
            write_whole(private, sealed_file.new_key() + "\n")
        write_whole(public, sealed_file.public_of(read_secret(private)) + "\n", 0o644)


def write_operator(home: Home) -> None:
    """Create this machine's operator: the key for the commands, and its hash for the services."""
    if not home.operator_key.exists():
        write_whole(home.operator_key, new_key("operator", OPERATOR)[0] + "\n")
    hashed = hash_key(read_secret(home.operator_key))
    others = [each for each in entries_in(home.operators) if each["id"] != OPERATOR]
    write_whole(home.operators, as_text([*others, entry(OPERATOR, hashed, OPERATOR_SCOPES)]))


def approvals_mode(home: Home) -> str:
    """Return whether one operator is enough. One machine mostly has one operator, so it is, until NGAO_APPROVALS is once `two`.

    The choice is stored, so that no later command weakens it silently. Raises Misconfigured for another value.
    """
    mode = os.environ.get("NGAO_APPROVALS") or home.state().get("approvals") or "single"
    if mode not in MODES:
        raise Misconfigured(f"NGAO_APPROVALS must be one of {', '.join(MODES)}.")
    return str(mode)


def wanted_on_broker(home: Home) -> BrokerSpec:
    """Return the broker layout that this platform needs. Its secrets are created on first use."""
    passwords = {service: home.secret(f"broker-{service}") for service in SERVICES}
    return wanted_of_catalogue(passwords, EdgeNames(home.secret("edge-names")))


def to_toml(sections: Mapping[str, Any]) -> str:
    """Write plain values first, then a table for each mapping: enough TOML for settings.

    TOML strings, numbers and lists of strings look the same in JSON.
    """
    plain = [f"{key} = {json.dumps(value)}" for key, value in sections.items() if not isinstance(value, Mapping)]
    tables = [f"[{key}]\n{to_toml(value)}" for key, value in sections.items() if isinstance(value, Mapping)]
    return "\n".join([*plain, *(f"\n{table}" for table in tables)])


def _opened_as(service: str, ports: Mapping[str, int]) -> dict[str, str]:
    """Return the address that people open. Passkeys are bound to a host's name, so it is not a number."""
    return {"public_url": f"http://localhost:{ports[service]}"} if service == CONSOLE else {}


def _settings(home: Home, service: str, ports: Mapping[str, int]) -> dict[str, Any]:
    username = service_account(service)
    broker_login = {"username": username, "password_file": str(home.secrets / f"broker-{service}")}
    store_login = {"username": username, "password_file": str(home.secrets / f"mongo-{service}")}
    return {
        "service": service,
        "http": {"host": LOCAL, "port": ports[service], **_opened_as(service, ports)},
        "broker": {"host": LOCAL, "port": ports["amqp"], **broker_login},
        "store": {
            "hosts": f"{LOCAL}:{ports['mongo']}",
            "replica_set": REPLICA_SET,
            "database": database_of(service),
            **store_login,
        },
        "keys": {"directory": str(home.keys / service), "public_directory": str(home.public_keys)},
        "policy": {"directories": [str(REPOSITORY / "deploy" / "policy"), str(home.policy)]},
        "operators": {"file": str(home.operators)},
        **({"events": {"accept_unsigned_until": until}} if (until := home.state().get("accept_unsigned_until")) else {}),
        "approvals": {"mode": approvals_mode(home)},
    }
