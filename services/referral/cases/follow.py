"""Follow what intake and the registry publish about a case; each change may let a need be offered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportAccepted, ReportUpdated, ReportWithdrawn, StatedConsent
from ngao.contracts.events.registry import ConsentChanged, DefenderResolved
from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.cases.announcing import store_case
from services.referral.cases.applying import apply_consent, apply_defender, apply_report, withdraw_report
from services.referral.cases.facts import Changed, Defender, Report
from services.referral.cases.finding import known_or_new
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store


@on(ReportAccepted)
def follow_report(ctx: Context, event: ReportAccepted, envelope: Event) -> None:
    """Store the report. One that names no need is offered, too: it gets the policy's default need."""
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
    case = known_or_new(ctx, event.case_ref, likely_new=True)
    apply_report(case, report, _consents(event.consent, event.received_at), ctx.now, ctx.deadlines)
    route_and_store(ctx, case)


@on(ReportUpdated)
def follow_update(ctx: Context, event: ReportUpdated, envelope: Event) -> None:
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
    apply_report(case, report, _consents(event.consent, envelope.time), ctx.now, ctx.deadlines, changed=changed)
    route_and_store(ctx, case)


@on(ReportWithdrawn)
def follow_withdrawal(ctx: Context, event: ReportWithdrawn, envelope: Event) -> None:
    """Withdraw or recall every offer. A withdrawal that arrives before its report leaves a closed case for it to find."""
    case = known_or_new(ctx, event.case_ref)
    withdraw_report(case, ctx.now, envelope.sequence or 0)
    store_case(ctx, case)


@on(DefenderResolved)
def follow_defender(ctx: Context, event: DefenderResolved, envelope: Event) -> None:
    """Store the registry's answer. Any restriction that names a partner keeps the case from it, open offers included."""
    never = frozenset(restriction.partner_id for restriction in event.restrictions if restriction.partner_id)
    case = known_or_new(ctx, event.case_ref)
    apply_defender(case, Defender(event.defender_ref, event.resolution, never, envelope.sequence or 0), ctx.now)
    route_and_store(ctx, case)


@on(ConsentChanged)
def follow_consent(ctx: Context, event: ConsentChanged, envelope: Event) -> None:
    """Withdraw or recall what consent no longer covers, and offer what it covers now. Other purposes do not concern referral."""
    if event.purpose != FOR_REFERRAL:
        return
    case = known_or_new(ctx, event.case_ref)
    apply_consent(case, event.change(envelope.sequence), ctx.now, ctx.deadlines)
    route_and_store(ctx, case)


def _consents(stated: Iterable[StatedConsent], at: datetime) -> list[Statement]:
    """Return the consents to be referred that a report states; other purposes do not concern referral."""
    return [
        Statement(statement.purpose, statement.scope, statement.recipient, statement.until, at)
        for statement in stated
        if statement.purpose == FOR_REFERRAL
    ]
