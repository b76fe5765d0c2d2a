"""The person tells an operator what they agree to now, for one case or for all."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from ngao.kernel.consent import Statement
from services.registry.cases.model import Case
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import cases_of, known_person, say_resolved
from services.registry.people.model import Person
from services.registry.ports import Ports


@dataclass(frozen=True)
class ConsentSaid:
    """One statement; `case_ref` None means that it holds for all cases of the person."""

    defender_ref: str
    statement: Statement
    case_ref: str | None
    operator: Actor


def change_consent(ports: Ports, said: ConsentSaid) -> list[str]:
    """Store it and tell every open case it touches; gives their references. Raises NotFound, NotAllowedNow.

    Every such case is written, which is what a disclosure at the same moment collides with.
    """
    person = known_person(ports, said.defender_ref)
    touched = _touched(ports, person, said.case_ref)
    if said.case_ref is None:
        person.records[0].say(said.statement)
        ports.defenders.save(person.records[0])
    for case in touched:
        if said.case_ref is not None:
            case.say(said.statement)
        ports.cases.save(case)
        ports.voice.consent_changed(case, person.ref, said.statement)
        say_resolved(ports, case)
        disclose_again(ports, case)
    _audit(ports, person, said)
    return [case.id for case in touched]


def _touched(ports: Ports, person: Person, case_ref: str | None) -> list[Case]:
    open_cases = [case for case in cases_of(ports, person) if case.is_open]
    if case_ref is None:
        return open_cases
    case = ports.cases.get(case_ref)
    if case is None or case.defender_ref not in {record.id for record in person.records}:
        raise NotFound("The defender has no such case.")
    if not case.is_open:
        raise NotAllowedNow("The case is not open any more.")
    return [each for each in open_cases if each.id == case_ref]


def _audit(ports: Ports, person: Person, said: ConsentSaid) -> None:
    ports.audit.record(
        "consent.granted" if said.statement.granted else "consent.withdrawn",
        subject=said.case_ref or person.ref,
        actor=said.operator,
        detail={"purpose": said.statement.purpose, "scope": ",".join(sorted(said.statement.scope))},
    )
