"""Rotation of passwords and keys. Each change can be interrupted anywhere and run again.

A new secret is first written beside the old one (`<name>.next`). Then the server that checks it is changed, then it replaces
the old one. A repeated command continues with the same new secret.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress

from ngao.broker.management import Management
from ngao.broker.provisioning import hash_password
from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.security.identity import hash_key, new_key
from ngao.deployment.init_secrets import OPERATOR, definitions
from ngao.deployment.naming import ADMINISTRATOR, OPERATOR_SCOPES, SERVICES
from ngao.deployment.operators import as_text, entries_in, entry
from ngao.deployment.secrets_folder import SecretsFolder, new_password

Connect = Callable[[str], Management]
"""Opens the broker's management interface as its administrator, with this password."""


def broker_password(folder: SecretsFolder, service: str, management: Management) -> None:
    """Replace the password of a service's broker account. Open connections stay; the next one reads the new password.

    Raises Misconfigured, Unavailable.
    """
    place, account = ("provision", f"broker-{service}"), service_account(service)
    with folder.alone():
        if management.get("users", account) is None:
            raise Misconfigured(f"The broker has no account {account}. Run `ngao provision`.")
        password = folder.pending(*place, new=new_password)
        management.put("users", account, body=_login(password, tags=""))
        folder.write(password, service, "broker.password")
        folder.apply_pending(*place)


def administrator_password(folder: SecretsFolder, connect: Connect) -> None:
    """Replace the password of the broker's administrator, and its hash in the definitions that the broker loads at startup.

    Raises Misconfigured, Unavailable.
    """
    place = ("operator", "broker-admin.password")
    with folder.alone():
        known = folder.read(*place)
        password = folder.pending(*place, new=new_password)
        with closing(_administrator(connect, known, password)) as management:
            management.put("users", ADMINISTRATOR, body=_login(password, tags="administrator"))
        folder.write(definitions(password), "broker", "definitions.json")
        folder.write(password, "provision", "broker-admin.password")
        folder.apply_pending(*place)


def store_password(folder: SecretsFolder, service: str) -> None:
    """Replace the password of a service's store account. The previous one is kept until the store has the new one.

    Raises NotAllowedNow while an earlier change is not finished.
    """
    place = ("provision", f"store-{service}")
    with folder.alone():
        if folder.at(service, _BEFORE).exists() and not folder.has_pending(*place):
            raise NotAllowedNow(
                f"The last change of {service}'s store password is not finished. Run `ngao provision`, restart {service}, "
                f"then run `ngao secrets rotate store --service {service} --finish`."
            )
        password = folder.pending(*place, new=new_password)
        if not folder.at(service, _BEFORE).exists():
            folder.write(folder.read(service, "store.password"), service, _BEFORE)
        folder.write(password, service, "store.password")
        folder.apply_pending(*place)


def finish_store_password(folder: SecretsFolder, service: str) -> None:
    """Remove the previous password, after the store has the new one and the service has restarted with it."""
    with folder.alone():
        folder.remove(service, _BEFORE)


def operator_key(folder: SecretsFolder) -> None:
    """Create a new key for the operator. The previous one stays valid until `finish_operator_key`. It works immediately."""
    place = ("operator", "operator.key")
    with folder.alone():
        if len(_hashes(folder, SERVICES[0])) > 1 and not folder.has_pending(*place):
            raise NotAllowedNow("The last change of the operator's key is not finished. Run the command with --finish first.")
        key = folder.pending(*place, new=lambda: new_key("operator", OPERATOR)[0])
        for service in SERVICES:
            if hash_key(key) not in _hashes(folder, service):
                entries = entries_in(folder.at(service, _OPERATORS))
                folder.write(as_text([*entries, entry(OPERATOR, hash_key(key), OPERATOR_SCOPES)]), service, _OPERATORS)
        folder.apply_pending(*place)


def finish_operator_key(folder: SecretsFolder) -> None:
    """Remove every key of the operator except the one in the folder. Raises Misconfigured if a service does not know it."""
    with folder.alone():
        known = hash_key(folder.read("operator", "operator.key"))
        for service in SERVICES:
            if known not in _hashes(folder, service):
                raise Misconfigured(f"{service} does not know the key in operator/operator.key. No key was removed.")
        for service in SERVICES:
            entries = entries_in(folder.at(service, _OPERATORS))
            kept = [each for each in entries if each["id"] != OPERATOR or each["hash"] == known]
            folder.write(as_text(kept), service, _OPERATORS)


_BEFORE = "store.password.before"
_OPERATORS = "operators.json"


def _login(password: str, *, tags: str) -> dict[str, str]:
    """Return an account for the management interface, with the password's hash, so that the password stays here."""
    return {"password_hash": hash_password(password), "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": tags}


def _administrator(connect: Connect, known: str, new: str) -> Management:
    """Open the interface with the password that the broker accepts: an interrupted change may have set the new one."""
    management = connect(known)
    with suppress(Misconfigured):
        management.get("whoami")
        return management
    management.close()
    return connect(new)


def _hashes(folder: SecretsFolder, service: str) -> list[str]:
    return [each["hash"] for each in entries_in(folder.at(service, _OPERATORS)) if each["id"] == OPERATOR]
