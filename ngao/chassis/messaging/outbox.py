"""The outbox: what is to be said, stored in the same transaction as why it is said.

An entry waits from the commit until the broker has confirmed it. It is leased to the process that committed it, which
publishes it immediately; if that process dies, the lease expires and the next sweep of any process claims it. A sent entry has no
lease any more; it is stored for some days (`kept`), so that it can be replayed to a broker which has lost its disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ngao.chassis.errors import TooLarge
from ngao.chassis.messaging.destinations import DESTINATIONS, MAX_BODY, to_outsiders
from ngao.chassis.messaging.publisher import OF_RECIPIENTS
from ngao.chassis.storage.unit_of_work import Publication, Raw
from ngao.contracts import CONTENT_TYPE, Event
from ngao.kernel.records import from_record, to_record

URGENT, ROUTINE = 0, 1
WAITING: Mapping[str, Any] = {"leased_until": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}
"""What is not sent yet; the outbox's indexes hold these entries and no others."""


def unreached() -> dict[str, Any]:
    """Return the filter of entries that an outsider refuses; the `$type` lets the store use the index of troubled entries."""
    return {"trouble": {"$in": sorted(OF_RECIPIENTS), "$type": "string"}, "to": {"$in": list(to_outsiders())}, **WAITING}


@dataclass(frozen=True)
class Entry:
    """One outgoing message. `id` is the same on every attempt; `priority` 0 goes first; `subject` is what it is about."""

    id: str
    message_id: str
    to: str
    routing_key: str
    body: bytes
    content_type: str
    headers: Mapping[str, Any]
    priority: int
    created_at: datetime
    lease: str
    leased_until: datetime
    attempts: int = 0
    trouble: str | None = None
    subject: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {"_id": self.id, **to_record(self, "id")}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Entry:
        """Read it back; fields of a later version are left out."""
        return from_record(cls, document, id=document["_id"])

    @classmethod
    def of_raw(cls, raw: Raw, now: datetime, lease: tuple[str, datetime]) -> Entry:
        """Return a message that is forwarded as it came."""
        return cls(raw.id, raw.id, raw.to, raw.routing_key, raw.body, raw.content_type, raw.headers, ROUTINE, now, *lease)


def ids_of(message_id: str) -> list[str]:
    """Return the ids of all entries that one event can have: one for each destination."""
    return [_entry_id(message_id, to) for to in DESTINATIONS]


def _entry_id(message_id: str, to: str) -> str:
    return f"{message_id}@{to}"


Encode = Callable[[Event], bytes]
"""Makes an event's final bytes, which carry its signature."""


def entry_of(
    publication: Publication,
    sequence: int | None,
    traceparent: str | None,
    now: datetime,
    lease: tuple[str, datetime],
    *,
    encode: Encode,
) -> Entry:
    """Make the entry of one event: here it gets its number and its final bytes.

    It is signed here and not when it is sent, so that no one publishes in our name by writing to the outbox. Raises TooLarge,
    so that an unreadable event is not committed: its cause is parked, and seen.
    """
    numbered = replace(publication.event, sequence=sequence, traceparent=publication.event.traceparent or traceparent)
    destination = DESTINATIONS[publication.to]
    event = destination.form(numbered)
    body = encode(event)
    if len(body) > MAX_BODY:
        raise TooLarge(f"An event of {event.type} would have {len(body)} bytes; consumers read up to {MAX_BODY}.")
    return Entry(
        id=_entry_id(event.id, publication.to),
        message_id=event.id,
        to=publication.to,
        routing_key=destination.key(event),
        body=body,
        content_type=CONTENT_TYPE,
        headers={},
        priority=URGENT if event.urgent else ROUTINE,
        created_at=now,
        lease=lease[0],
        leased_until=lease[1],
        subject=publication.event.subject,
    )
