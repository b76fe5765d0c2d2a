"""Requests and responses of accounts."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.handlers import fill
from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict, Tolerant
from services.console.accounts.model import Account
from services.console.values import ACCOUNT, LANGUAGES


class Granted(Strict):
    """The roles of an account, and the counties that a hub's role is for."""

    roles = fields.List(fields.String(), validate=validate.Length(1, 10), required=True, metadata=INTERNAL)
    hubs = fields.List(fields.String(), validate=validate.Length(max=50), load_default=list, metadata=INTERNAL)


class Invited(Granted):
    """Who is invited. `id` is the name to sign in with; audits and cases name it, so it need not be the person's own.

    `partner` is the id of the partner whose person this is; empty for the coalition's own people.
    """

    id = fields.String(validate=Pattern(f"^{ACCOUNT}$"), required=True, metadata=INTERNAL)
    partner = fields.String(load_default="", validate=Pattern(f"^$|^{ACCOUNT}$"), metadata=INTERNAL)
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES), metadata=INTERNAL)


class AccountShown(Tolerant):
    """An account. `code` is there only in the answer that made it, once: with it the person sets the account up.

    A list has `sessions`, on how many devices the person is signed in, and `seen_at`, when they were last active on one of them.
    """

    id = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    roles = fields.List(fields.String(), metadata=INTERNAL)
    hubs = fields.List(fields.String(), metadata=INTERNAL)
    partner = fields.String(metadata=INTERNAL)
    language = fields.String(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    passkeys = fields.Integer(metadata=INTERNAL)
    has_password = fields.Boolean(metadata=INTERNAL)
    has_organisation = fields.Boolean(metadata=INTERNAL)
    expires_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    sessions = fields.Integer(metadata=INTERNAL)
    seen_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    code = fields.String(metadata=SENSITIVE)


class AccountsShown(Tolerant):
    """All accounts."""

    accounts = fields.List(fields.Nested(AccountShown), metadata=INTERNAL)


def show_account(account: Account, **others: Any) -> dict[str, Any]:
    """Return an account as it is shown: how it is proved who signs in, and not by what."""
    expires_at = account.invitation.expires_at if account.invitation else None
    proofs = {
        "passkeys": len(account.passkeys),
        "has_password": account.password_hash is not None,
        "has_organisation": account.organisation is not None,
    }
    return fill(AccountShown, account, **proofs, expires_at=expires_at, **others)
