"""Steps that several use cases share: find the whole person behind a record, and publish what others may know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ngao.chassis.errors import NotFound
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.people.model import Defender, Person
from services.registry.people.publishing import publish_consent, publish_resolved
from services.registry.people.resolution import Candidate, Kind, Verdict
from services.registry.people.view import CaseView, view_of

T = TypeVar("T")


def person_of(ctx: Context, ref: str | None) -> Person | None:
    """Return the person behind a record, whichever of its linked records is given, or None."""
    first = ctx.defenders.get(ref) if ref else None
    if first is None:
        return None
    return Person(tuple(records_below(ctx, root_of(ctx, first))))


def root_of(ctx: Context, defender: Defender) -> Defender:
    """Follow links to the record that represents the person."""
    seen = {defender.id}
    while defender.linked_to and defender.linked_to not in seen:
        seen.add(defender.linked_to)
        further = ctx.defenders.get(defender.linked_to)
        if further is None:
            break
        defender = further
    return defender


def known_person(ctx: Context, ref: str) -> Person:
    """Return the person behind a record. Raises NotFound."""
    person = person_of(ctx, ref)
    if person is None:
        raise NotFound("There is no such defender.")
    return person


def cases_of(ctx: Context, person: Person) -> list[Case]:
    """Return all cases of all of a person's records, oldest first."""
    return ctx.cases.of(record.id for record in person.records)


def open_cases_touched_by(ctx: Context, person: Person) -> list[Case]:
    """Return open cases for which this person's restrictions hold: their own, and those that may turn out to be theirs."""
    probable = ctx.candidates.suggesting(record.id for record in person.records)
    found = [*cases_of(ctx, person), *_present(ctx.cases.get(candidate.id) for candidate in probable)]
    return [case for case in {case.id: case for case in found}.values() if case.is_open]


def view(ctx: Context, case: Case) -> CaseView:
    """Return what others may know of the case's person now."""
    candidate = ctx.candidates.get(case.id) if case.resolution == Kind.CANDIDATE else None
    probable = probable_people(ctx, candidate)
    return view_of(case, person_of(ctx, case.defender_ref), probable, ctx.policy, ctx.now)


def publish_person(ctx: Context, case: Case) -> None:
    """Publish what others may know of the case's person now."""
    publish_resolved(ctx, view(ctx, case))


def publish_all(ctx: Context, case: Case) -> None:
    """Publish the person and which of their consents hold for this case, and record what was published."""
    publish_person(ctx, case)
    person = person_of(ctx, case.defender_ref)
    if person is None:
        return
    for statement in person.statements_for_others(ctx.now):
        publish_consent(ctx, case, person.ref, statement)
    case.said = person.said


def probable_people(ctx: Context, candidate: Candidate | None) -> tuple[Person, ...]:
    """Return the persons whom an undecided candidate may turn out to be."""
    if candidate is None or candidate.verdict is not Verdict.OPEN:
        return ()
    return tuple(_present(person_of(ctx, suggestion.defender_ref) for suggestion in candidate.suggestions))


def records_below(ctx: Context, root: Defender) -> list[Defender]:
    """Return a record, and all that humans have linked to it or to one of those."""
    found = {root.id: root}
    waiting = [root.id]
    while waiting:
        for defender in ctx.defenders.linked_to(waiting.pop()):
            if defender.id not in found:
                found[defender.id] = defender
                waiting.append(defender.id)
    return list(found.values())


def _present(found: Iterable[T | None]) -> list[T]:
    return [record for record in found if record is not None]
