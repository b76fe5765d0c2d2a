"""The person changed what they agree to."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts.events.registry import ConsentChanged
from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.cases import learning
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_keep


@on(ConsentChanged)
def learn_consent(ctx: Context, event: ConsentChanged) -> None:
    """Recall what consent no longer covers; offer what it covers now. Other purposes are not referral's concern."""
    if event.purpose != FOR_REFERRAL:
        return
    case = known_or_new(ctx, event.case_ref)
    learning.learn_consent(case, statement_of(event), ctx.now, ctx.deadlines)
    route_and_keep(ctx, case)


def statement_of(event: ConsentChanged) -> Statement:
    """What the person said."""
    return Statement(event.purpose, event.scope, event.recipient, event.until, event.effective_at, event.granted)
