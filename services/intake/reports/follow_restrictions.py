"""Handle the registry's events about the partners that the person of a case never wants."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.registry import RestrictionsChanged
from services.intake.context import Context
from services.intake.reports.disclose_narrative import disclose_what_is_new, recall_what_is_refused


@on(RestrictionsChanged)
def follow_restrictions(ctx: Context, event: RestrictionsChanged, envelope: Event) -> None:
    """Keep the restrictions; a partner that has the narrative must not use it, one that is not restricted now may have it.

    Referral knows them as well and recalls its offer. Raises NotFound.
    """
    report = ctx.reports.of_case(event.case_ref)
    if report.erased_at or not report.restrict(event.partner_ids, envelope.sequence or 0):
        return
    recall_what_is_refused(ctx, report)
    disclose_what_is_new(ctx, report)
    ctx.reports.save(report)
