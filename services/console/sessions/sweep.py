"""Delete sessions and challenges that have ended by themselves."""

from __future__ import annotations

from ngao.chassis.handlers import every
from services.console.context import ConsoleParts, Context

_AT_ONCE = 100


@every(seconds=300)
def sweep(parts: ConsoleParts) -> None:
    """Delete sessions and challenges that have expired. Several processes may do it concurrently."""
    while parts.run(_sweep):
        continue


def _sweep(ctx: Context) -> int:
    sessions, challenges = ctx.sessions.over(ctx.now, _AT_ONCE), ctx.challenges.over(ctx.now, _AT_ONCE)
    for session in {each.id: each for each in sessions}.values():
        ctx.sessions.end(session)
    for challenge in challenges:
        ctx.challenges.use(challenge)
    return len(sessions) + len(challenges)
