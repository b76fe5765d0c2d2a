"""When a consent ends by its date, what it covered is recalled, as if it had been withdrawn at that moment.

Every decision already counts an ended consent as none. But what a partner has, it keeps until someone decides again. So the end
is a timer: it publishes the ended consent once more, by which intake and referral decide again, and decides again here. A consent
that holds besides it is not touched, as it would be by a withdrawal.
"""

from __future__ import annotations

from functools import partial

from ngao.chassis.errors import Conflict
from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.observability.logs import get_logger
from services.registry.context import REGISTRY, Context, RegistryParts
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import person_of
from services.registry.people.publishing import publish_consent, publish_person

_AT_ONCE = 100
_log = get_logger("registry")


@every(seconds=5)
def end_consents(parts: RegistryParts) -> None:
    """Act on each end that has come, each case in a unit of its own."""
    ctx = parts.read()
    for case_ref in ctx.cases.with_ended_consent(ctx.now, _AT_ONCE):
        try:
            parts.run(partial(end_consents_of, case_ref=case_ref))
        except Conflict:  # another process did it, or a consent came: the next turn looks again
            _log.info("consent.end_again", case_ref=case_ref)


@measures(seconds=OFTEN_S)
def measure_ended_consents(parts: RegistryParts) -> None:
    """Export how many cases have a consent that has ended and was not acted on."""
    ctx = parts.read()
    late, longest = ctx.cases.late_ends(ctx.now)
    parts.metrics.overdue("consent", late, longest.total_seconds())


def end_consents_of(ctx: Context, case_ref: str) -> None:
    """Act on the consents of a case that have ended since this was done last; once, however often it is called."""
    case = ctx.cases.get(case_ref)
    ended = case.ended_consents(ctx.now) if case else ()
    if case is None or not ended:
        return
    case.ended = (*case.ended, *ended)
    if case.is_open:
        person = person_of(ctx, case.defender_ref)
        for statement in ended:
            publish_consent(ctx, case, person.ref if person else None, statement)
        publish_person(ctx, case)
        disclose_again(ctx, case)
        ctx.audit("consent.ended", subject=case.id, actor=REGISTRY, detail={"consents": str(len(ended))})
    ctx.cases.save(case)
