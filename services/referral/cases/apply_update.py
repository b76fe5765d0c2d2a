"""Handle an update of a report: more needs, another urgency, another place."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportUpdated
from services.referral.cases.applying import apply_report
from services.referral.cases.facts import Changed, Report
from services.referral.cases.finding import known_or_new
from services.referral.cases.open_case import consents_of
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store


@on(ReportUpdated)
def apply_update(ctx: Context, event: ReportUpdated, envelope: Event) -> None:
    """Store an update, which may have arrived before the report itself; languages stay those of the report."""
    report = Report(
        report_id=event.report_id,
        urgency=event.urgency,
        needs=event.needs,
        sequence=envelope.sequence or 0,
        county=event.county or "",
        proposed=event.needs_proposed,
    )
    changed = Changed(frozenset(event.news), event.needs_again)
    case = known_or_new(ctx, event.case_ref)
    apply_report(case, report, consents_of(event.consent, envelope.time), ctx.now, ctx.deadlines, changed=changed)
    route_and_store(ctx, case)
