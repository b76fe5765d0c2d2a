"""Find a case, or the whole person behind a record: steps that several use cases share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ngao.chassis.errors import NotFound, Retryable, or_not_found
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.people.model import Defender, Person
from services.registry.people.resolution import Candidate, Verdict

T = TypeVar("T")


def known_case(ctx: Context, case_ref: str) -> Case:
    """Return the case. Raises Retryable when its first event has not come yet, so that the later one is retried after a delay."""
    case = ctx.cases.get(case_ref)
    if case is None:
        raise Retryable("The case is not known yet; its first event may still arrive.")
    return case


def case_of_a_person(ctx: Context, case_ref: str) -> Case:
    """Return a case whose person is known. Raises NotFound, also when the case is anonymous."""
    case = ctx.cases.get(case_ref)
    if case is None or case.defender_ref is None:
        raise NotFound("There is no known defender for this case.")
    return case


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
    return or_not_found(person_of(ctx, ref), "There is no such defender.")


def cases_of(ctx: Context, person: Person) -> list[Case]:
    """Return all cases of all of a person's records, oldest first."""
    return ctx.cases.of(record.id for record in person.records)


def case_with_contact(ctx: Context, case: Case, person: Person) -> Case | None:
    """Return the case whose report says how the person of this one is reached safely, or None.

    It is the case itself, or if its report names the person by reference alone, their last open case that states an identity.
    """
    if case.facts.identity:
        return case
    stated = [other for other in cases_of(ctx, person) if other.is_open and other.facts.identity]
    return stated[-1] if stated else None


def open_cases_touched_by(ctx: Context, person: Person) -> list[Case]:
    """Return open cases for which this person's restrictions hold: their own, and those that may turn out to be theirs."""
    people = (person, *who_may_be(ctx, person))
    cases = ctx.cases.of({record.id for each in people for record in each.records})
    return [case for case in cases if case.is_open]


def probable_people(ctx: Context, case: Case) -> tuple[Person, ...]:
    """Return whom the case's person may be, by undecided candidates. Until a human has decided, their restrictions hold too.

    It makes no difference which of the two was known first: a restriction that was recorded for either may be the person's own.
    """
    person = person_of(ctx, case.defender_ref)
    return who_may_be(ctx, person) if person else ()


def probable_people_of(ctx: Context, candidate: Candidate) -> tuple[Person, ...]:
    """Return the persons whom a candidate may turn out to be."""
    if candidate.verdict is not Verdict.OPEN:
        return ()
    return tuple(_present(person_of(ctx, suggestion.defender_ref) for suggestion in candidate.suggestions))


def who_may_be(ctx: Context, person: Person) -> tuple[Person, ...]:
    """Return whom this person may turn out to be, by undecided candidates of their cases and by those that suggest them."""
    own = {record.id for record in person.records}
    refs: dict[str, None] = {}
    for candidate in ctx.candidates.undecided_about(person.records):
        mine = candidate.defender_ref in own
        others = [each.defender_ref for each in candidate.suggestions] if mine else [candidate.defender_ref]
        refs |= dict.fromkeys(others)
    ctx.defenders.read(refs)
    found = {each.ref: each for each in _present(person_of(ctx, ref) for ref in refs)}
    return tuple(each for ref, each in found.items() if ref != person.ref)


def records_below(ctx: Context, root: Defender) -> list[Defender]:
    """Return a record, and all that humans have linked to it or to one of those."""
    records = {root.id: root}
    waiting = [root.id]
    while waiting:
        for defender in ctx.defenders.linked_to(waiting.pop()):
            if defender.id not in records:
                records[defender.id] = defender
                waiting.append(defender.id)
    return list(records.values())


def _present(records: Iterable[T | None]) -> list[T]:
    return [record for record in records if record is not None]
