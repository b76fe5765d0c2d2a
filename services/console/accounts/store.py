"""Stored accounts. The secret of an authenticator app is sealed under a key of the account, which ends with it."""

from __future__ import annotations

from typing import Any, ClassVar

from ngao.chassis.errors import or_not_found
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import ACCOUNTS_RULE, hashed, internal, sealed
from ngao.chassis.storage.repository import Repository
from services.console.accounts.model import Account

_COLLECTION, _RULE = "accounts", ACCOUNTS_RULE


class AccountDocument(
    Stored,
    of=Account,
    held={
        **internal("created_at roles hubs partner language state invitation totp_step passkeys failures wait_until has_keys"),
        "password_hash": hashed(_RULE), "recovery_hashes": hashed(_RULE), "totp_sealed": sealed(_RULE),
        "organisation": hashed(_RULE),
    },
):  # fmt: skip
    """One person who may sign in; the id is what audits and cases name."""

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "console", "collection": _COLLECTION, "indexes": ["passkeys.id", "invitation.code_hash", "organisation"],
    }  # fmt: skip


class AccountRepository(Repository[Account]):
    """The accounts of staff."""

    document = AccountDocument

    def existing(self, account_id: str) -> Account:
        """Return an account. Raises NotFound."""
        return or_not_found(self.get(account_id), "There is no such account.")

    def all(self) -> list[Account]:
        """Return every account, by id."""
        return self._all(AccountDocument.objects.order_by("id"))

    def of_passkey(self, passkey_id: str) -> Account | None:
        """Return whose passkey this is."""
        return self._one(AccountDocument.objects(passkeys__id=passkey_id).as_pymongo().first())

    def of_organisation(self, subject: str) -> Account | None:
        """Return whose account a person of the organisation has."""
        return self._one(AccountDocument.objects(organisation=subject).as_pymongo().first())

    def invited_by(self, code_hash: str) -> Account | None:
        """Return the account that an invitation's code is for."""
        return self._one(AccountDocument.objects(invitation__code_hash=code_hash).as_pymongo().first())

    def seal_totp(self, account: Account, secret: str) -> None:
        """Give an account the secret of its authenticator app."""
        account.totp_sealed = self._unit.sealer.seal(*_place(account.id), secret.encode())

    def totp_secret(self, account: Account) -> str | None:
        """Return the secret of an account's authenticator app, if it has one."""
        return self._unit.sealer.open(*_place(account.id), account.totp_sealed).decode() if account.totp_sealed else None

    def forget_totp(self, account: Account) -> None:
        """Destroy the key that opens the secret, if there is one."""
        if account.totp_sealed:
            self._unit.destroy_key(_place(account.id)[0])


def _place(account_id: str) -> tuple[str, str, str, str]:
    return f"account:{account_id}", _COLLECTION, account_id, "totp_sealed"
