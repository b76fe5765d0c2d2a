"""Open a case for an accepted report, and route it if the defender is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportAccepted, StatedConsent
from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.cases.applying import apply_report
from services.referral.cases.facts import Report
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store


@on(ReportAccepted)
def open_case(ctx: Context, event: ReportAccepted, envelope: Event) -> None:
    """Open the case. A report that names no need still reaches a partner: it gets the policy's default need."""
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
    apply_report(case, report, consents_of(event.consent, event.received_at), ctx.now, ctx.deadlines)
    route_and_store(ctx, case)


def consents_of(stated: Iterable[StatedConsent], at: datetime) -> list[Statement]:
    """Return the consents to be referred that a report states; other purposes do not concern referral."""
    return [
        Statement(statement.purpose, statement.scope, statement.recipient, statement.until, at)
        for statement in stated
        if statement.purpose == FOR_REFERRAL
    ]
