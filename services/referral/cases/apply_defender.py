"""Handle the registry's answer who the case is about: store the restrictions, and route the case if the report is known."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.registry import DefenderResolved
from services.referral.cases import applying
from services.referral.cases.facts import Defender
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store


@on(DefenderResolved)
def apply_defender(ctx: Context, event: DefenderResolved, envelope: Event) -> None:
    """Store the registry's answer. Any restriction that names a partner keeps the case from it, open offers included."""
    never = frozenset(restriction.partner_id for restriction in event.restrictions if restriction.partner_id)
    case = known_or_new(ctx, event.case_ref)
    applying.apply_defender(case, Defender(event.defender_ref, event.resolution, never, envelope.sequence or 0), ctx.now)
    route_and_store(ctx, case)
