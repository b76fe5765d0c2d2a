"""The registry knows who the case is about: take the restrictions, and route the case if the report is known."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.registry import DefenderResolved
from services.referral.cases import learning
from services.referral.cases.facts import Defender
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_keep


@on(DefenderResolved)
def learn_defender(ctx: Context, event: DefenderResolved, envelope: Event) -> None:
    """Take what the registry says. Any restriction that names a partner keeps the case from it, open offers included."""
    never = frozenset(each.partner_id for each in event.restrictions if each.partner_id)
    case = known_or_new(ctx, event.case_ref)
    learning.learn_defender(case, Defender(event.defender_ref, event.resolution, never, envelope.sequence or 0), ctx.now)
    route_and_keep(ctx, case)
