"""Prove by a password who a person is. A wrong one is a failure of the account, wherever it was typed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from ngao.kernel.actors import Actor
from services.console.accounts.model import Account
from services.console.accounts.passwords import LONGEST, is_right
from services.console.sessions.model import CHALLENGE_FOR, Challenge
from services.console.sessions.store import hash_of

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

T = TypeVar("T")
DOOR = Actor.system("sign-in")


def prove(
    parts: ConsoleParts, account: Account | None, password: str, refused: str, work: Callable[[Context, Account], T | None]
) -> T | None:
    """Return what `work` makes of an account whose password this is, or None. Raises Unavailable.

    `refused` is the action on record of a failure; another one is that `work` returns None. An unknown account, and one
    that has to wait, cost the same time: a comparison and a write. The password is compared outside of the unit of work, which
    may be repeated.
    """
    may_try = account is not None and _may_try(account, parts.clock.now()) and len(password) <= LONGEST
    right = is_right(password, account.password_hash if account and may_try else None)
    if account is None or not may_try:
        parts.run(_write_as_much)
        return None
    known = account

    def decide(ctx: Context) -> T | None:
        current = ctx.accounts.get(known.id)
        if current is None or not _may_try(current, ctx.now):
            return None
        made = work(ctx, current) if right and current.password_hash == known.password_hash else None
        if made is None:
            current.failed(ctx.now)
            ctx.accounts.save(current)
            ctx.audit(refused, subject=current.id, actor=DOOR, detail={"failures": str(current.failures)})
        return made

    return parts.run(decide)


def _write_as_much(ctx: Context) -> None:
    """Write as a try at an account does; it is deleted with the challenges that have expired, and no one can answer it."""
    ctx.challenges.save(Challenge(hash_of(secrets.token_bytes(32)), ctx.now + CHALLENGE_FOR))


def _may_try(account: Account, now: datetime) -> bool:
    return account.is_open and not account.has_to_wait(now)
