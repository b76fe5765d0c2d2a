"""Set an account up by the code of its invitation: with a passkey, or with a password and an authenticator app."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ngao.kernel.actors import Actor
from services.console.accounts.codes import hashed, new_recovery_codes, totp_step
from services.console.accounts.model import Account
from services.console.accounts.passwords import LONGEST, SHORTEST
from services.console.accounts.passwords import hashed as hashed_password
from services.console.sessions.begin import begin
from services.console.sessions.passkeys import read_new

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

PASSWORD_TOO_SHORT, PASSWORD_IS_NAME, CODE_WRONG, NOT_INVITED = "short", "name", "code", "invitation"
"""Why an account is not set up: the page has a sentence for each."""


@dataclass(frozen=True)
class SetUp:
    """The token of the first session, and the codes that are shown once."""

    token: str
    recovery_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """What an invited person typed, and the secret that the authenticator app got."""

    password: str
    app_code: str
    secret: str


def invited_by(parts: ConsoleParts, code: str) -> Account | None:
    """Return the account that this invitation's code sets up now."""
    return invited(parts.read(), code)


def new_secret(parts: ConsoleParts, code: str, browser: str) -> str:
    """Return the secret for the authenticator app of who was invited; nothing is stored before the account is set up.

    It is always the same one in a browser, by the random `browser` of its cookie, and another one in each other: who has only
    seen the invitation, such as who invited, does not know the secret of the person who used it.
    """
    digest = parts.chassis.keyring.lookup_hash("totp", f"{hashed(code)}:{browser}")
    return b32encode(bytes.fromhex(digest)[:20]).decode()


def accept_by_password(parts: ConsoleParts, code: str, chosen: Chosen, device: str) -> SetUp | str:
    """Set the account up with a password and an authenticator app; returns why not, if not."""
    password, secret = chosen.password, chosen.secret
    account = invited_by(parts, code)
    if account is None:
        return NOT_INVITED
    if not SHORTEST <= len(password) <= LONGEST:
        return PASSWORD_TOO_SHORT
    if _names(password, account.id):
        return PASSWORD_IS_NAME
    step = totp_step(secret, chosen.app_code, parts.clock.now())
    if step is None:
        return CODE_WRONG
    password_hash, recovery = hashed_password(password), new_recovery_codes()

    def work(ctx: Context) -> SetUp | str:
        known = invited(ctx, code)
        if known is None:
            return NOT_INVITED
        known.password_hash, known.totp_step = password_hash, step
        known.recovery_hashes = tuple(hashed(each) for each in recovery)
        ctx.accounts.seal_totp(known, secret)
        return SetUp(complete(ctx, known, "password", device), tuple(recovery))

    return parts.run(work)


def accept_by_passkey(parts: ConsoleParts, code: str, given: Any, name: str, device: str) -> SetUp | str:
    """Set the account up with a passkey; returns why not, if not."""

    def work(ctx: Context) -> SetUp | str:
        account = invited(ctx, code)
        if account is None:
            return NOT_INVITED
        made = read_new(ctx, parts.site, given, account.id, name)
        if made is None or not account.add_passkey(made):
            return CODE_WRONG
        return SetUp(complete(ctx, account, "passkey", device))

    return parts.run(work)


def _names(password: str, account_id: str) -> bool:
    """Return True if a password is little more than the name to sign in with."""
    return len(password.lower().replace(account_id, "")) < SHORTEST // 2


def invited(ctx: Context, code: str) -> Account | None:
    """Return the account that this invitation's code sets up in this unit."""
    account = ctx.accounts.invited_by(hashed(code))
    return account if account is not None and account.is_invited_by(hashed(code), ctx.now) else None


def complete(ctx: Context, account: Account, method: str, device: str) -> str:
    """End the invitation of an account that has what proves who signs in; returns the token of its first session."""
    account.accept()
    ctx.audit("account.accepted", subject=account.id, actor=Actor.operator(account.id), detail={"method": method})
    return begin(ctx, account, method, device)
