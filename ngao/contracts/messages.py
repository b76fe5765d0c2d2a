"""Create an event that keeps its schema, and open one from another service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Required, TypedDict, TypeVar, Unpack
from uuid import uuid4

from marshmallow import Schema, ValidationError

from ngao.contracts.catalogue import EventType, type_named
from ngao.contracts.classes import instance_of
from ngao.contracts.envelope import Event
from ngao.contracts.errors import InvalidContent, field_errors
from ngao.contracts.events.notices import InNoticeOnly
from ngao.contracts.payloads import Part, Payload
from ngao.contracts.quick import load
from ngao.contracts.upcasting import upcast
from ngao.kernel.records import from_record

P = TypeVar("P", bound=Part)


class Envelope(TypedDict, total=False):
    """The attributes of an event beside its data. Its source is its owner, and its time is now, unless they are given."""

    subject: Required[str]
    urgent: bool
    partner_id: str | None
    traceparent: str | None
    source: str | None
    time: datetime | None


def event_of(payload: Payload, *, in_notice: InNoticeOnly | None = None, **envelope: Unpack[Envelope]) -> Event:
    """Create the event whose data is a payload.

    Its data holds plain JSON values and has been loaded once by its own schema: an owner cannot publish what a consumer
    could not read. The notice gets what the payload has of it, and `in_notice`. Raises UnknownType, InvalidContent.
    """
    return _made(type_named(payload.type_name), payload, in_notice or {}, **envelope)


def make(name: str, *, data: Mapping[str, Any], **envelope: Unpack[Envelope]) -> Event:
    """Create an event of the catalogue from a document of native values. Raises UnknownType, InvalidContent."""
    return _made(type_named(name), data, data, **envelope)


def _made(entry: EventType, data: object, in_notice: Mapping[str, Any], **envelope: Unpack[Envelope]) -> Event:
    schema = instance_of(entry.schema)
    dumped: dict[str, Any] = schema.dump(data)
    _load(schema, dumped)
    return Event(
        type=entry.name,
        source=envelope.get("source") or f"/ngao/{entry.owner}",
        subject=envelope["subject"],
        data=dumped,
        id=str(uuid4()),
        time=envelope.get("time") or datetime.now(UTC),
        urgent=envelope.get("urgent", False),
        traceparent=envelope.get("traceparent"),
        dataclassification=entry.classification,
        partnerid=envelope.get("partner_id"),
        notice=_notice(instance_of(entry.notice), dumped, in_notice) if entry.notice else None,
    )


def _notice(schema: Schema, dumped: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a document and its notice both have, and what is in the notice only."""
    found = {**more, **dumped}
    return {name: found[name] for name in schema.fields if name in found}


def open_event(event: Event, *, as_notice: bool = False) -> dict[str, Any]:
    """Bring an event's data to its current version and to native values. Raises UnknownType, InvalidContent.

    As a notice, it is read by a service that gets no more: what else is in it is left out.
    """
    current = upcast(event)
    entry = type_named(current.type)
    return _load(instance_of(entry.notice if as_notice and entry.notice else entry.schema), current.data)


def received(kind: type[P], event: Event) -> P:
    """Return the data of an opened event as its payload, or as the notice that its reader gets; nothing is checked again."""
    return from_record(kind, event.data)


def _load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return load(schema, data)
    except ValidationError as error:
        raise InvalidContent(field_errors(error.messages)) from None
