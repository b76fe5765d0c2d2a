"""What use cases have published, read from their units of work as the payloads of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, open_event, received
from ngao.contracts.payloads import Payload

P = TypeVar("P", bound=Payload)


def published(units: Iterable[Unit], kind: type[P]) -> list[tuple[P, Event]]:
    """Return every event of a type that went to the other services, in order, as its payload and its envelope.

    One that goes to them both as it is and as a notice is one event.
    """
    sent = (each for unit in units for each in unit.publications if each.to in {EVENTS, NOTICES})
    events = {each.event.id: each.event for each in sent if each.event.type == kind.type_name}
    return [(received(kind, replace(event, data=open_event(event))), event) for event in events.values()]
