"""Standing restrictions: partners to whom a person must never be referred."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from ngao.kernel.actors import Actor
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import known_person, open_cases_touched_by, say_resolved
from services.registry.people.model import Person, Restriction
from services.registry.ports import Ports


def add_restriction(ports: Ports, ref: str, partner_id: str, reason: str, operator: Actor) -> Person:
    """Add it and tell every open case; one that stands already changes nothing. Raises NotFound."""
    person = known_person(ports, ref)
    if any(record.is_restricted(partner_id) for record in person.records):
        return person
    person.records[0].restrict(Restriction(partner_id, reason, ports.now))
    ports.defenders.save(person.records[0])
    ports.audit.record(
        "restriction.added", subject=person.ref, actor=operator, detail={"partner_id": partner_id, "reason": reason}
    )
    _tell_cases(ports, person)
    return person


def lift_restriction(ports: Ports, ref: str, partner_id: str, operator: Actor) -> Person:
    """Take it back on every record of the person and tell every open case. Raises NotFound when there is none."""
    person = known_person(ports, ref)
    changed = [record for record in person.records if record.lift(partner_id)]
    if not changed:
        raise NotFound("The defender has no such restriction.")
    for record in changed:
        ports.defenders.save(record)
    ports.audit.record("restriction.lifted", subject=person.ref, actor=operator, detail={"partner_id": partner_id})
    _tell_cases(ports, person)
    return person


def _tell_cases(ports: Ports, person: Person) -> None:
    """Write each case as well: a disclosure at the same moment must collide with this and be asked again."""
    for case in open_cases_touched_by(ports, person):
        ports.cases.save(case)
        say_resolved(ports, case)
        disclose_again(ports, case)
