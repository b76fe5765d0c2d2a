"""Let a change of how a person may be reached take effect everywhere immediately."""

from __future__ import annotations

from services.registry.context import Context
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import open_cases_touched_by
from services.registry.people.model import Person
from services.registry.people.publishing import publish_person


def spread(ctx: Context, person: Person, *, corrected: bool) -> None:
    """Publish what others may know now, and decide again what each partner may have, for every case that it concerns.

    Each case is written: a disclosure or a hand-over at the same moment conflicts with this, and is decided again.
    """
    for case in open_cases_touched_by(ctx, person):
        ctx.cases.save(case)
        publish_person(ctx, case)
        disclose_again(ctx, case, corrected=corrected)
