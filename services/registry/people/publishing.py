"""Publish what others may know of a case's person: a reference, restrictions, and only what policy and the person allow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ngao.contracts.events.registry import ConsentChanged, ContactSummary, DefenderResolved, Restriction, RestrictionsChanged
from ngao.kernel.consent import FOR_REFERRAL, ConsentAnswer, Statement, consent_answer
from services.registry.cases.model import Case
from services.registry.contact.standing import summary_of_case
from services.registry.context import Context
from services.registry.people.finding import person_of, probable_people
from services.registry.people.model import Person, together


def publish_all(ctx: Context, case: Case) -> None:
    """Publish the person and which of their consents hold for this case, and record what was published.

    What was published as the person's and turned out to be another's is retracted.
    """
    probable = probable_people(ctx, case)
    _publish_view(ctx, case, _view(ctx, case, probable))
    person = person_of(ctx, case.defender_ref)
    if person is None:
        return
    for statement in case.retract(person):
        publish_consent(ctx, case, person.ref, statement, retracted=True)
    stated = person.statements_for_others(ctx.now)
    for statement in stated:
        publish_consent(ctx, case, person.ref, statement)
    case.record_published(stated)
    case.published = person.published(probable)


def publish_person(ctx: Context, case: Case) -> None:
    """Publish what others may know of the case's person now."""
    _publish_view(ctx, case, view(ctx, case))


def publish_consent(ctx: Context, case: Case, defender_ref: str | None, statement: Statement, *, retracted: bool = False) -> None:
    """Publish one consent or withdrawal to those who act on the case; `retracted` if another person said it."""
    payload = ConsentChanged(
        case_ref=case.id,
        defender_ref=defender_ref,
        purpose=statement.purpose,
        scope=tuple(sorted(statement.scope)),
        recipient=statement.recipient,
        until=statement.until,
        granted=statement.granted,
        effective_at=statement.at,
        retracted=retracted,
    )
    _publish(ctx, case, payload)


def view(ctx: Context, case: Case) -> DefenderResolved:
    """Return what others may know of the person now, with the restrictions of probable persons: too much care harms less."""
    return _view(ctx, case, probable_people(ctx, case))


def _publish_view(ctx: Context, case: Case, seen: DefenderResolved) -> None:
    """Publish it, and to intake the restrictions alone if they have changed; the case is written with what was published."""
    _publish(ctx, case, seen)
    restricted = tuple(sorted({rule.partner_id for rule in seen.restrictions if rule.partner_id}))
    if restricted != case.restricted:
        case.restricted = restricted
        ctx.cases.save(case)
        _publish(ctx, case, RestrictionsChanged(case_ref=case.id, partner_ids=restricted))


def _publish(ctx: Context, case: Case, payload: DefenderResolved | ConsentChanged | RestrictionsChanged) -> None:
    ctx.publish(payload, subject=case.id, urgent=case.urgent)


def _view(ctx: Context, case: Case, probable: Collection[Person]) -> DefenderResolved:
    person = person_of(ctx, case.defender_ref)
    restrictions = together(each.restrictions for each in (*((person,) if person else ()), *probable))
    safety = summary_of_case(ctx, case, person, probable) if person else None
    safe = safety is not None and safety.is_safe
    return DefenderResolved(
        case_ref=case.id,
        defender_ref=person.ref if person else None,
        resolution=case.resolution,
        restrictions=tuple(Restriction(kind=rule.kind, partner_id=rule.partner_id, reason=rule.reason) for rule in restrictions),
        attributes=_attributes(ctx, case, person),
        contact=ContactSummary(may_contact=safe, channels=safety.channels if safety and safe else ()),
    )


def _attributes(ctx: Context, case: Case, person: Person | None) -> dict[str, Any]:
    statements = (*case.reported, *case.statements, *(person.statements if person else ()))
    if (
        consent_answer(statements, purpose=FOR_REFERRAL, scope="attributes", recipient=None, now=ctx.now)
        is not ConsentAnswer.LIVE
    ):
        return {}
    return {name: value for name, value in case.facts.attributes.items() if name in ctx.policy.attributes_for_matching}
