"""`ngao secrets init`: creates missing secrets of a deployment, and never changes existing ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import chain

from ngao.broker.provisioning import hash_password
from ngao.chassis.security import signing
from ngao.chassis.security.identity import hash_key, new_key
from ngao.chassis.security.keyfiles import periods_in
from ngao.deployment.authority import Authority, demand_host
from ngao.deployment.backup import sealed_file
from ngao.deployment.first_keys import init_sealing_pair, init_service_keys, init_signing_pair, init_staff_pair
from ngao.deployment.naming import (
    ADMINISTRATOR,
    AT_EDGE,
    CONSOLE,
    DISCLOSING,
    OPERATOR_SCOPES,
    SEALED_TO,
    SERVICES,
    period_of,
    store_of,
)
from ngao.deployment.operators import as_text, entries_in, entry
from ngao.deployment.secrets_folder import OWNERS, SecretsFolder, new_keyfile, new_password

OPERATOR = "operator"
_LOCAL = ("localhost", "127.0.0.1")
SEEN_OUTSIDE = ("broker", "intake", "referral", "console")
"""The services behind the outsiders' gate."""

EDGE_NAMES = (("provision", "edge-names"), *((service, "keys", "edge-names.key") for service in AT_EDGE))
"""The places of the secret in the names of our queues for outsiders: the job that creates the queues, and their readers."""

_GATE = "edge"  # the gate's host name in the container network, used by demo outsiders


def make(folder: SecretsFolder, *, tls: bool = True, hosts: Sequence[str] = ()) -> list[str]:
    """Create everything missing and return the new files. `hosts` are the public host names of the servers behind the edge gate.

    Raises Misconfigured, NotAllowedNow.
    """
    for host in hosts:
        demand_host(host)
    with folder.alone():
        before = _files(folder)
        _accounts(folder)
        _keys(folder)
        _onboarding(folder)
        _backup(folder)
        _operator(folder)
        folder.ensure(lambda: definitions(folder.read("operator", "broker-admin.password")), "broker", "definitions.json")
        if tls:
            _certificates(folder, hosts)
        folder.settle()
        return sorted(_files(folder) - before)


def definitions(password: str) -> str:
    """Return the broker's definitions: its administrator, by a hash. With definitions the broker creates no default account."""
    user = {"name": ADMINISTRATOR, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "administrator"}
    return json.dumps({"users": [{**user, "password_hash": hash_password(password)}]}, indent=2) + "\n"


def has_authority(folder: SecretsFolder) -> bool:
    """Check for the authority's key. It may be stored elsewhere, and fetched only to sign."""
    return folder.at("ca", "ca.key").exists()


def load_authority(folder: SecretsFolder) -> Authority:
    """Load the deployment's authority. Raises Misconfigured."""
    return Authority.load(folder.read("ca", "ca.pem"), folder.read("ca", "ca.key"))


def server_hosts(outside: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the host names of each server. `outside` are additional names of SEEN_OUTSIDE."""
    seen = {name: (name, _GATE, *_LOCAL, *outside) for name in SEEN_OUTSIDE}
    others = [name for name in (*SERVICES, *map(store_of, SERVICES)) if name not in seen]
    return {**seen, **{name: (name, *_LOCAL) for name in others}}


def _accounts(folder: SecretsFolder) -> None:
    """Write each password for its account's owner, and for the job that creates the accounts."""
    _same(folder, new_password, ("operator", "broker-admin.password"), ("provision", "broker-admin.password"))
    for service in SERVICES:
        _same(folder, new_password, (service, "broker.password"), ("provision", f"broker-{service}"))
        _same(folder, new_password, (service, "store.password"), ("provision", f"store-{service}"))
        _same(folder, new_keyfile, (store_of(service), "keyfile"), ("provision", f"keyfile-{service}"))
    _same(folder, new_password, *EDGE_NAMES)


def _same(folder: SecretsFolder, new: Callable[[], str], *places: tuple[str, ...]) -> None:
    """Write one secret to several places. A missing copy is made from another one."""
    known = next((folder.read(*place) for place in places if folder.at(*place).exists()), None)
    value = known or new()
    for place in places:
        folder.ensure(lambda: value, *place)


def _keys(folder: SecretsFolder) -> None:
    """Create the first period of each key. Only `rotate` starts another one, never the month."""
    for service in SERVICES:
        keys = folder.at(service, "keys")
        init_service_keys(keys, max(periods_in(keys, "kek-") or [period_of()]))
        for period in periods_in(keys, "signing-") or [period_of()]:
            init_signing_pair(keys, folder.at("public"), period, service)
    console = folder.at(CONSOLE, "keys")
    for period in periods_in(console, "staff-") or [period_of()]:
        init_staff_pair(console, folder.at("public"), period)
    for service in SEALED_TO:
        keys = folder.at(service, "keys")
        for period in periods_in(keys, "sealing-") or [period_of()]:
            init_sealing_pair(keys, folder.at("public"), period, owner=service)


def _onboarding(folder: SecretsFolder) -> None:
    """Create the key that signs partners' keys, once. Its private half may then be stored elsewhere."""
    private = ("operator", "onboarding.key")
    known = [*folder.at(DISCLOSING[0], "keys").glob("onboarding-*.pub")]
    if not folder.at(*private).exists():
        if known:
            return
        folder.write(signing.new_key(), *private)
    for service in DISCLOSING:
        folder.ensure(lambda: signing.public_of(folder.read(*private)), service, "keys", f"onboarding-{OPERATOR}.pub")


def _backup(folder: SecretsFolder) -> None:
    """Create the backup key. Its private half may be stored elsewhere; the public half shows that it exists."""
    if not folder.at("public", "backup.pub").exists():
        folder.ensure(sealed_file.new_key, "backup", "backup.key")
        folder.write(sealed_file.public_of(folder.read("backup", "backup.key")), "public", "backup.pub")


def _operator(folder: SecretsFolder) -> None:
    folder.ensure(lambda: new_key("operator", OPERATOR)[0], "operator", "operator.key")
    known = entry(OPERATOR, hash_key(folder.read("operator", "operator.key")), OPERATOR_SCOPES)
    lists = {service: entries_in(folder.at(service, "operators.json")) for service in SERVICES}
    others = next(filter(None, lists.values()), [known])  # a service that an earlier version did not have gets the same operators
    for service in SERVICES:
        entries = lists[service] or others
        # A folder of an earlier version: the first operator keeps all rights.
        current = [{**each, "scopes": list(OPERATOR_SCOPES)} if each["id"] == OPERATOR else each for each in entries]
        if current != entries or not folder.at(service, "operators.json").exists():
            folder.write(as_text(current), service, "operators.json")


def _certificates(folder: SecretsFolder, outside: Sequence[str]) -> None:
    if not folder.at("ca", "ca.pem").exists():
        made = Authority.new()
        folder.write(made.key_pem, "ca", "ca.key")
        folder.write(made.certificate_pem, "ca", "ca.pem")
    folder.ensure(lambda: folder.read("ca", "ca.pem"), "public", "ca.pem")
    missing = {name: hosts for name, hosts in server_hosts(outside).items() if not folder.has_pair(name)}
    if missing:
        authority = load_authority(folder)
        for name, hosts in missing.items():
            folder.write_pair(authority.server(name, hosts), name)


def _files(folder: SecretsFolder) -> set[str]:
    paths = chain.from_iterable(folder.at(room).rglob("*") for room in OWNERS)
    return {path.relative_to(folder.root).as_posix() for path in paths if path.is_file()}
