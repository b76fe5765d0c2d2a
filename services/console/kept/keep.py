"""Keep a form, find those of an account, and forget one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.console.kept.closing import close, open_kept
from services.console.kept.model import MOST, Written

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context


def keep_form(parts: ConsoleParts, key: str, whose: str, what: Written) -> None:
    """Keep a form for a quarter of an hour. One that is kept already is only kept longer. Raises Unavailable."""

    def work(ctx: Context) -> None:
        form, known = close(key, whose, what, ctx.now), ctx.forms.of(whose, ctx.now)
        before = ctx.forms.get(form.id)
        form.revision = before.revision if before else 0
        if before is None and len(known) >= MOST:
            ctx.forms.end(known[0])
        ctx.forms.save(form)

    parts.run(work)


def kept_forms(parts: ConsoleParts, key: str, whose: str) -> list[tuple[str, Written]]:
    """Return what this browser has kept for an account, each with its id."""
    ctx = parts.read()
    opened = [(form.id, open_kept(key, form)) for form in ctx.forms.of(whose, ctx.now)]
    return [(form_id, what) for form_id, what in opened if what is not None]


def forget_form(parts: ConsoleParts, whose: str, form_id: str) -> None:
    """Forget a form of an account, if it is kept."""

    def work(ctx: Context) -> None:
        form = ctx.forms.get(form_id)
        if form is not None and form.whose == whose:
            ctx.forms.end(form)

    parts.run(work)
