"""Give one source a reference of its own for a person, so that what one source holds is of no use to another."""

from __future__ import annotations

from ngao.kernel.actors import Actor
from services.registry.people.finding import known_person
from services.registry.ports import Ports


def name_for_source(ports: Ports, ref: str, source_id: str, operator: Actor) -> str:
    """The reference by which this source, and no other, may report about the person again. Raises NotFound."""
    person = known_person(ports, ref)
    given = ports.defenders.name_for_source(person.ref, source_id)
    ports.audit.record("reference.given", subject=person.ref, actor=operator, detail={"source": source_id})
    return given
