"""Later words about a report: more needs, another urgency, another place."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportUpdated
from services.referral.cases.facts import Changed, Report
from services.referral.cases.finding import known_or_new
from services.referral.cases.learning import learn_report
from services.referral.cases.open_case import consents_of
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_keep


@on(ReportUpdated)
def learn_update(ctx: Context, event: ReportUpdated, envelope: Event) -> None:
    """Take an update, which may have overtaken the report itself; languages stay those of the report."""
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
    learn_report(case, report, consents_of(event.consent, envelope.time), ctx.now, ctx.deadlines, changed=changed)
    route_and_keep(ctx, case)
