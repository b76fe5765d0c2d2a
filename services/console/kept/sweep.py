"""Delete forms that have expired."""

from __future__ import annotations

from ngao.chassis.handlers import every
from services.console.context import ConsoleParts, Context

_AT_ONCE = 100


@every(seconds=60)
def sweep_forms(parts: ConsoleParts) -> None:
    """Delete forms whose time has passed. Several processes may do it concurrently."""
    while parts.run(_sweep):
        continue


def _sweep(ctx: Context) -> int:
    forms = ctx.forms.over(ctx.now, _AT_ONCE)
    for form in forms:
        ctx.forms.end(form)
    return len(forms)
