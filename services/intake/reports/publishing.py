"""Publish reports without what happened, who did it and why it is urgent, because no service needs it (ADR 0026)."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao.contracts.events import intake as events
from ngao.kernel.urgency import rank
from services.intake.context import Context
from services.intake.reports.model import Report, SealedIdentity


def publish_accepted(ctx: Context, report: Report) -> None:
    """Publish that a report is stored."""
    accepted = events.ReportAccepted(
        report_id=report.id,
        case_ref=report.case_ref,
        source_id=report.source_id,
        received_at=report.received_at,
        occurred_at=day_of(report.occurred_at),
        urgency=report.triage.urgency,
        policy_version=report.triage.policy_version,
        needs=report.needs,
        needs_proposed=report.needs_proposed,
        county=report.county,
        languages=report.languages,
        consent=_consents(report),
        has_narrative=bool(report.narrative_parts),
        defender_ref=report.defender_ref,
        sealed_identity=_box(report.sealed_identity),
    )
    ctx.publish(accepted, subject=report.case_ref, urgent=report.is_critical)


def publish_updated(
    ctx: Context,
    report: Report,
    *,
    by: str,
    urgency_before: str,
    news: tuple[str, ...] = (),
    needs_again: tuple[str, ...] = (),
    correction: SealedIdentity | None = None,
) -> None:
    """Publish that a report has changed: which parts are new, and what its urgency was before.

    `by` is what brought it: `update`, `history` (another report about the same person) or `operator`. `needs_again` is what the
    acts that are new in it ask for, also if it was asked for before.
    """
    risen = rank(report.triage.urgency) < rank(urgency_before)
    updated = events.ReportUpdated(
        report_id=report.id,
        case_ref=report.case_ref,
        urgency=report.triage.urgency,
        policy_version=report.triage.policy_version,
        needs=report.needs,
        consent=_consents(report),
        has_narrative=bool(report.narrative_parts),
        needs_proposed=report.needs_proposed,
        news=news,
        urgency_before=urgency_before,
        risen=risen,
        raised_by=by if risen else None,
        needs_again=needs_again,
        county=report.county,
        sealed_identity=_box(correction),
    )
    ctx.publish(updated, subject=report.case_ref, urgent=report.is_critical)


def day_of(moment: datetime) -> datetime:
    """Return the day: readers of events need not know more of when it happened."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _consents(report: Report) -> tuple[events.StatedConsent, ...]:
    """Return all consents that the source states; withdrawals are published by the registry.

    Were they published without what is withdrawn, the rest would look like a new consent, younger than a withdrawal that has not
    reached intake yet.
    """
    return tuple(
        events.StatedConsent(purpose=consent.purpose, scope=consent.scope, recipient=consent.recipient, until=consent.until)
        for consent in report.consents
    )


def _box(sealed: SealedIdentity | None) -> events.SealedIdentity | None:
    return events.SealedIdentity(key_id=sealed.key_id, box=sealed.box) if sealed else None
