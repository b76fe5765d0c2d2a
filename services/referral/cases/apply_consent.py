"""Handle a change of the person's consent."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts.events.registry import ConsentChanged
from ngao.kernel.consent import FOR_REFERRAL
from services.referral.cases import applying
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store


@on(ConsentChanged)
def apply_consent(ctx: Context, event: ConsentChanged) -> None:
    """Recall what consent no longer covers, and offer what it covers now. Other purposes do not concern referral."""
    if event.purpose != FOR_REFERRAL:
        return
    case = known_or_new(ctx, event.case_ref)
    applying.apply_consent(case, event.statement, ctx.now, ctx.deadlines)
    route_and_store(ctx, case)
