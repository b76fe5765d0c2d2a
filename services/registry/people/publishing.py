"""Publish the registry's events about the person of a case."""

from __future__ import annotations

from ngao.contracts.events.registry import ConsentChanged, ContactSummary, DefenderResolved, Restriction
from ngao.kernel.consent import Statement
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.people.view import CaseView


def publish_resolved(ctx: Context, view: CaseView) -> None:
    """Publish what others may know of the person of a case."""
    payload = DefenderResolved(
        case_ref=view.case_ref,
        defender_ref=view.defender_ref,
        resolution=view.resolution,
        restrictions=tuple(
            Restriction(kind=restriction.kind, partner_id=restriction.partner_id, reason=restriction.reason)
            for restriction in view.restrictions
        ),
        attributes=dict(view.attributes),
        contact=ContactSummary(may_contact=view.may_contact, channels=view.channels),
    )
    ctx.publish(payload, subject=view.case_ref, urgent=view.urgent)


def publish_consent(ctx: Context, case: Case, defender_ref: str | None, statement: Statement) -> None:
    """Publish one consent or withdrawal to those who act on the case."""
    payload = ConsentChanged(
        case_ref=case.id,
        defender_ref=defender_ref,
        purpose=statement.purpose,
        scope=tuple(sorted(statement.scope)),
        recipient=statement.recipient,
        until=statement.until,
        granted=statement.granted,
        effective_at=statement.at,
    )
    ctx.publish(payload, subject=case.id, urgent=case.urgent)
