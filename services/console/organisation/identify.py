"""Let a person in whom the organisation has named; an account is bound to a person there once, by the code of its invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.console.accounts.accept import complete, invited
from services.console.sessions.begin import begin

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

METHOD = "organisation"


def sign_in_by_organisation(parts: ConsoleParts, subject: str, device: str) -> str | None:
    """Return the token of a new session, or None if no open account is bound to this person."""

    def work(ctx: Context) -> str | None:
        account = ctx.accounts.of_organisation(subject)
        return begin(ctx, account, METHOD, device) if account is not None and account.is_open else None

    return parts.run(work)


def accept_by_organisation(parts: ConsoleParts, code: str, subject: str, device: str) -> str | None:
    """Set the invited account up: this person of the organisation signs in to it from now on.

    Returns the token of the first session; None if the invitation is over, or the person has an account here.
    """

    def work(ctx: Context) -> str | None:
        account = invited(ctx, code)
        if account is None or ctx.accounts.of_organisation(subject) is not None:
            return None
        account.organisation = subject
        return complete(ctx, account, METHOD, device)

    return parts.run(work)
