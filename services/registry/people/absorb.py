"""Let a person's record take over what their later reports told, one at a time and after those are answered for.

This also closes a gap: a restriction or consent said in the very moment in which a new case was resolved would miss
that case. Here both are written together, so whichever came first is seen.
"""

from __future__ import annotations

from services.registry.cases.model import Case
from services.registry.people.finding import person_of, root_of, say_all
from services.registry.ports import Ports


def absorb_case(ports: Ports, case_ref: str) -> None:
    """Take over one case's identity; say again what has changed since it was resolved."""
    case = ports.cases.get(case_ref)
    if case is None or case.absorbed:
        return
    case.absorbed = True
    _learn(ports, case)
    person = person_of(ports, case.defender_ref)
    if case.is_open and person and person.said != case.said:
        say_all(ports, case)
    ports.cases.save(case)


def _learn(ports: Ports, case: Case) -> None:
    """Write the record even when nothing is new: it is the lock that a change of consent or restriction meets."""
    record = ports.defenders.get(case.defender_ref) if case.defender_ref else None
    if record is None:
        return
    if case.told.identity:
        record.learn(case.told.identity)
    ports.defenders.save(record)
    root = root_of(ports, record)
    if root is not record:
        ports.defenders.save(root)
