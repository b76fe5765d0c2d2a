"""A report was accepted: take the case on, and route it if the defender is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportAccepted, StatedConsent
from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.cases.facts import Report
from services.referral.cases.finding import known_or_new
from services.referral.cases.learning import learn_report
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_keep


@on(ReportAccepted)
def open_case(ctx: Context, event: ReportAccepted, envelope: Event) -> None:
    """Take the report. One that names no need still reaches somebody: it gets the policy's default need."""
    report = Report(
        report_id=event.report_id,
        urgency=event.urgency,
        needs=event.needs or (ctx.policy.default_need,),
        sequence=envelope.sequence or 0,
        county=event.county,
        languages=event.languages,
        received_at=event.received_at,
        proposed=event.needs_proposed,
    )
    case = known_or_new(ctx, event.case_ref)
    learn_report(case, report, consents_of(event.consent, event.received_at), ctx.now, ctx.deadlines)
    route_and_keep(ctx, case)


def consents_of(stated: Iterable[StatedConsent], at: datetime) -> list[Statement]:
    """The consents to be referred that a report states; those for other purposes are not referral's concern."""
    return [
        Statement(each.purpose, each.scope, each.recipient, each.until, at) for each in stated if each.purpose == FOR_REFERRAL
    ]
