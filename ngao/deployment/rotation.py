"""New passwords and keys in place of old ones, each so that it can be cut off anywhere and run again without losing anything.

A new secret first stands beside the old one (`<name>.next`), then whoever checks it is told, then it takes the old one's
place. Run again after a stop, a change goes on with the same new secret.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ngao.broker.management import Management
from ngao.broker.provisioning import hash_password
from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.security.identity import hash_key, new_key
from ngao.deployment.folder import SecretsFolder, new_password
from ngao.deployment.making import OPERATOR, definitions
from ngao.deployment.names import ADMINISTRATOR, OPERATOR_SCOPES, SERVICES
from ngao.deployment.operators import as_text, entries_in, entry

Connect = Callable[[str], Management]
"""Opens the broker's management interface as its administrator, with this password."""


def broker_password(folder: SecretsFolder, service: str, management: Management) -> None:
    """A new password for a service's broker account. What is connected stays so; the next connection reads the new one.

    Raises Misconfigured, Unavailable.
    """
    place, account = ("provision", f"broker-{service}"), service_account(service)
    with folder.alone():
        if management.get("users", account) is None:
            raise Misconfigured(f"The broker has no account {account}: run `ngao provision`.")
        password = folder.coming(*place, new=new_password)
        management.put("users", account, body=_login(password, tags=""))
        folder.write(password, service, "broker.password")
        folder.settle_coming(*place)


def administrator_password(folder: SecretsFolder, connect: Connect) -> None:
    """A new password for the broker's administrator, and its hash in what the broker loads when it starts.

    Raises Misconfigured, Unavailable.
    """
    place = ("operator", "broker-admin.password")
    with folder.alone():
        known = folder.read(*place)
        password = folder.coming(*place, new=new_password)
        management = _administrator(connect, (known, password))
        management.put("users", ADMINISTRATOR, body=_login(password, tags="administrator"))
        management.close()
        folder.write(definitions(password), "broker", "definitions.json")
        folder.write(password, "provision", "broker-admin.password")
        folder.settle_coming(*place)


def store_password(folder: SecretsFolder, service: str) -> None:
    """A new password for a service's store account, with the one before beside it until the store has been told.

    Raises NotAllowedNow while an earlier change is not finished.
    """
    place = ("provision", f"store-{service}")
    with folder.alone():
        if folder.at(service, _BEFORE).exists() and not folder.is_coming(*place):
            raise NotAllowedNow(
                f"The last change of {service}'s store password is not finished: run `ngao provision`, start {service} again, "
                f"then `ngao secrets rotate store --service {service} --finish`."
            )
        password = folder.coming(*place, new=new_password)
        if not folder.at(service, _BEFORE).exists():
            folder.write(folder.read(service, "store.password"), service, _BEFORE)
        folder.write(password, service, "store.password")
        folder.settle_coming(*place)


def finish_store_password(folder: SecretsFolder, service: str) -> None:
    """Forget the password before: the store knows the new one, and the service has started with it."""
    with folder.alone():
        folder.remove(service, _BEFORE)


def operator_key(folder: SecretsFolder) -> None:
    """A new key for the operator; the one before stays valid until `finish_operator_key`. Services see it at once."""
    place = ("operator", "operator.key")
    with folder.alone():
        if len(_hashes(folder, SERVICES[0])) > 1 and not folder.is_coming(*place):
            raise NotAllowedNow("The last change of the operator's key is not finished: run it with --finish first.")
        key = folder.coming(*place, new=lambda: new_key("operator", OPERATOR)[0])
        for service in SERVICES:
            if hash_key(key) not in _hashes(folder, service):
                entries = entries_in(folder.at(service, _OPERATORS))
                folder.write(as_text([*entries, entry(OPERATOR, hash_key(key), OPERATOR_SCOPES)]), service, _OPERATORS)
        folder.settle_coming(*place)


def finish_operator_key(folder: SecretsFolder) -> None:
    """Take every key of the operator's away but the one in the folder. Raises Misconfigured when a service does not know that."""
    with folder.alone():
        known = hash_key(folder.read("operator", "operator.key"))
        for service in SERVICES:
            if known not in _hashes(folder, service):
                raise Misconfigured(f"{service} does not know the key in operator/operator.key; nothing was taken away.")
        for service in SERVICES:
            entries = entries_in(folder.at(service, _OPERATORS))
            kept = [each for each in entries if each["id"] != OPERATOR or each["hash"] == known]
            folder.write(as_text(kept), service, _OPERATORS)


_BEFORE = "store.password.before"
_OPERATORS = "operators.json"


def _login(password: str, *, tags: str) -> dict[str, str]:
    """An account for the management interface: it takes the hash, so that the password itself stays here."""
    return {"password_hash": hash_password(password), "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": tags}


def _administrator(connect: Connect, passwords: tuple[str, ...]) -> Management:
    """With the password that the broker takes: a change that was cut off may have told it already."""
    for password in passwords[:-1]:
        management = connect(password)
        with suppress(Misconfigured):
            management.get("whoami")
            return management
        management.close()
    return connect(passwords[-1])


def _hashes(folder: SecretsFolder, service: str) -> list[str]:
    return [each["hash"] for each in entries_in(folder.at(service, _OPERATORS)) if each["id"] == OPERATOR]
