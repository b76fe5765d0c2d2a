"""Retention: what a report told is forgotten when its time is over, and a person with it when no case needs them.

A person goes in two steps. First nobody can find the record any more; an hour later it is removed and its key
destroyed, unless a report that was just being resolved has used it all the same: then it is taken back.
"""

from __future__ import annotations

from datetime import timedelta

from services.registry.cases.model import Case, CaseState
from services.registry.people.finding import cases_of, person_of
from services.registry.people.model import Defender, Person
from services.registry.ports import REGISTRY, Ports

FADES_FOR = timedelta(hours=1)


def forget_cases(ports: Ports, limit: int) -> int:
    """Forget up to `limit` cases that are due, with the keys of those that have no person; gives how many."""
    rules = ports.policy.retention
    withdrawn = ports.now - timedelta(days=rules.withdrawn_days)
    due = ports.cases.due(received=ports.now - timedelta(days=rules.case_days), withdrawn=withdrawn, limit=limit)
    for case in due:
        why = "withdrawn" if case.withdrawn_at and case.withdrawn_at <= withdrawn else "received"
        case.forget()
        ports.cases.save(case)
        if case.defender_ref is None:
            ports.keys.destroy_case(case.id)
        detail = {"why": why, "policy_version": rules.version}
        ports.audit.record("case.forgotten", subject=case.id, actor=REGISTRY, detail=detail)
    for person in _people_of(ports, due):
        if not _is_needed(ports, person):
            _let_fade(ports, person)
    return len(due)


def forget_people(ports: Ports, limit: int) -> int:
    """Remove the records that have faded long enough, and destroy their keys; gives how many were looked at."""
    faded = ports.defenders.fading(ports.now - FADES_FOR, limit)
    for record in faded:
        person = person_of(ports, record.id) or Person((record,))
        if _is_needed(ports, person):
            _take_back(ports, record)
        else:
            ports.defenders.remove(record)
            ports.keys.destroy_person(record.id)
            ports.audit.record("defender.forgotten", subject=record.id, actor=REGISTRY)
    return len(faded)


def _is_needed(ports: Ports, person: Person) -> bool:
    return any(case.state is not CaseState.FORGOTTEN for case in cases_of(ports, person))


def _people_of(ports: Ports, cases: list[Case]) -> list[Person]:
    found = [person_of(ports, case.defender_ref) for case in cases]
    return list({person.ref: person for person in found if person}.values())


def _let_fade(ports: Ports, person: Person) -> None:
    for record in person.records:
        record.fading_since = ports.now
        ports.defenders.release(record.id)
        ports.defenders.save(record)


def _take_back(ports: Ports, record: Defender) -> None:
    record.fading_since = None
    ports.defenders.claim(record.id, record.identity)
    ports.defenders.save(record)
