"""Steps that several use cases share: find the whole person behind a record, and say what others may know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ngao.chassis.errors import NotFound
from services.registry.cases.model import Case
from services.registry.people.model import Defender, Person
from services.registry.people.resolution import Candidate, Kind, Verdict
from services.registry.people.view import CaseView, view_of
from services.registry.ports import Ports

T = TypeVar("T")


def person_of(ports: Ports, ref: str | None) -> Person | None:
    """The person behind a record, whichever of its linked records is asked for; None when there is none."""
    first = ports.defenders.get(ref) if ref else None
    if first is None:
        return None
    return Person(tuple(records_below(ports, root_of(ports, first))))


def root_of(ports: Ports, defender: Defender) -> Defender:
    """Follow links to the record that stands for the person."""
    seen = {defender.id}
    while defender.linked_to and defender.linked_to not in seen:
        seen.add(defender.linked_to)
        further = ports.defenders.get(defender.linked_to)
        if further is None:
            break
        defender = further
    return defender


def known_person(ports: Ports, ref: str) -> Person:
    """The person behind a record; raises NotFound."""
    person = person_of(ports, ref)
    if person is None:
        raise NotFound("There is no such defender.")
    return person


def cases_of(ports: Ports, person: Person) -> list[Case]:
    """All cases of all of a person's records, oldest first."""
    return ports.cases.of(record.id for record in person.records)


def open_cases_touched_by(ports: Ports, person: Person) -> list[Case]:
    """Open cases for which this person's restrictions hold: their own, and those that may turn out to be theirs."""
    probable = ports.candidates.suggesting(record.id for record in person.records)
    found = [*cases_of(ports, person), *_present(ports.cases.get(candidate.id) for candidate in probable)]
    return [case for case in {case.id: case for case in found}.values() if case.is_open]


def view(ports: Ports, case: Case) -> CaseView:
    """What others may know of the case's person now."""
    candidate = ports.candidates.get(case.id) if case.resolution == Kind.CANDIDATE else None
    probable = probable_people(ports, candidate)
    return view_of(case, person_of(ports, case.defender_ref), probable, ports.policy, ports.now)


def say_resolved(ports: Ports, case: Case) -> None:
    """Say what others may know of the case's person now."""
    ports.voice.resolved(view(ports, case))


def say_all(ports: Ports, case: Case) -> None:
    """Say who it is, and which of the person's standing statements hold for this case; remember what was said."""
    say_resolved(ports, case)
    person = person_of(ports, case.defender_ref)
    if person is None:
        return
    for statement in person.statements_for_others(ports.now):
        ports.voice.consent_changed(case, person.ref, statement)
    case.said = person.said


def probable_people(ports: Ports, candidate: Candidate | None) -> tuple[Person, ...]:
    """The persons whom an undecided candidate may turn out to be."""
    if candidate is None or candidate.verdict is not Verdict.OPEN:
        return ()
    return tuple(_present(person_of(ports, each.defender_ref) for each in candidate.suggestions))


def records_below(ports: Ports, root: Defender) -> list[Defender]:
    """A record, and all that humans have linked to it or to one of those."""
    found = {root.id: root}
    waiting = [root.id]
    while waiting:
        for defender in ports.defenders.linked_to(waiting.pop()):
            if defender.id not in found:
                found[defender.id] = defender
                waiting.append(defender.id)
    return list(found.values())


def _present(found: Iterable[T | None]) -> list[T]:
    return [each for each in found if each is not None]
