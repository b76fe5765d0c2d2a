"""Find what officers recorded about contact with a person, and what holds for one of their cases: steps of several use cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.registry.cases.model import Case
from services.registry.contact.model import (
    KEPT_FOR,
    ContactRecord,
    Standing,
    Stated,
    Terms,
    Way,
    Why,
)
from services.registry.contact.ways import first_refusal, together, ways
from services.registry.context import Context
from services.registry.people.finding import case_with_contact, cases_of, who_may_be
from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.model import Person


def terms_of(ctx: Context) -> Terms:
    """Return the coalition's rules about confirming again."""
    return Terms(ctx.policy.reconfirm_after, ctx.policy.reconfirm_grace, ctx.policy.zone)


def records_of(ctx: Context, person: Person) -> list[ContactRecord]:
    """Return what officers recorded of a person's records. The store is asked only for those that are kept for it."""
    return ctx.contact_safety.of(record.id for record in person.records if KEPT_FOR in record.kept_for)


def standing_of(ctx: Context, person: Person, probable: Iterable[Person] = ()) -> Standing:
    """Return what officers recorded. A stop of a person who may be the same one holds, too: too much care harms less."""
    own = records_of(ctx, person)
    others = (record for each in probable for record in records_of(ctx, each))
    return Standing(
        terms_of(ctx),
        tuple(rule for record in own for rule in record.rules),
        any(record.stopped_at for record in (*own, *others)),
    )


def stated_in(case: Case) -> Stated:
    """Return what the report of a case states about reaching its person."""
    return Stated(case.facts.identity or Identity(), case.facts.contact_safety, case.contact_stated_at or case.received_at)


def ways_of_case(
    ctx: Context, case: Case, person: Person, probable: Iterable[Person], *, held: bool = False
) -> tuple[list[Way], Standing]:
    """Return every contact of a case's person with what holds for it, for people and services of the coalition.

    All open reports about the person count: a later one forbids for every case. What a partner gets depends on its own case and
    on what humans decided (`disclosure/model.py`): others' reports must not show there.
    """
    standing = standing_of(ctx, person, probable)
    source = case_with_contact(ctx, case, person) if case.is_open else None
    own = stated_in(source) if source and source.is_open else None
    others = [] if standing.is_silent else [stated_in(each) for each in cases_of(ctx, person) if each.is_open]
    return ways(own, standing, ctx.now, others=others, held=held), standing


def ways_of_person(ctx: Context, person: Person, *, held: bool = False) -> tuple[list[Way], Standing]:
    """Return the same for a person, by the last open report about them."""
    cases, probable = [case for case in cases_of(ctx, person) if case.is_open], who_may_be(ctx, person)
    if cases:
        return ways_of_case(ctx, cases[-1], person, probable, held=held)
    standing = standing_of(ctx, person, probable)
    return ways(None, standing, ctx.now, held=held), standing


@dataclass(frozen=True)
class OfficersWord:
    """What holds for a case where officers recorded something: its open contacts together, and why there is none."""

    safety: ContactSafety
    identity: Identity
    usable: tuple[Way, ...]
    why: Why | None
    overdue: bool


def officers_word(ctx: Context, case: Case, person: Person, probable: Iterable[Person]) -> OfficersWord | None:
    """Return what holds for a case by what officers recorded, for the coalition's own people; None if they recorded nothing.

    They may ask a person whose confirmation is overdue: they are the ones who confirm it.
    """
    found, standing = ways_of_case(ctx, case, person, probable, held=True)
    if standing.is_silent:
        return None
    identity, safety, usable = together(found, case.facts.identity.names if case.facts.identity else ())
    late = any(standing.terms.is_overdue(way.rule, ctx.now) for way in usable if way.by_officer)
    why = None if usable else first_refusal(found, ctx.now)
    return OfficersWord(safety, identity, usable, Why.STOPPED if standing.stopped else why, late)


def summary_of_case(ctx: Context, case: Case, person: Person, probable: Iterable[Person]) -> ContactSafety | None:
    """Return how the person of a case may be reached by machines: what its report says, or what officers recorded instead."""
    found, standing = ways_of_case(ctx, case, person, probable)
    if standing.is_silent:
        return case.facts.contact_safety
    return together(found, ())[1]
