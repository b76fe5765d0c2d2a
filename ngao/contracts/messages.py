"""Make an event that keeps its schema, and open one that came from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from marshmallow import Schema, ValidationError

from ngao.contracts.catalogue import type_named
from ngao.contracts.envelope import Event
from ngao.contracts.errors import InvalidContent, field_errors
from ngao.contracts.upcasting import upcast


@cache
def _schema(schema: type[Schema]) -> Schema:
    return schema()


def make(
    name: str,
    *,
    subject: str,
    data: Mapping[str, Any],
    urgent: bool = False,
    partner_id: str | None = None,
    traceparent: str | None = None,
    source: str | None = None,
    time: datetime | None = None,
) -> Event:
    """Build an event of the catalogue from native values (datetimes stay datetimes until here).

    What comes out holds plain JSON values and has been loaded once by its own schema: an owner cannot say what a
    consumer could not read. Raises UnknownType, InvalidContent.
    """
    entry = type_named(name)
    schema = _schema(entry.schema)
    dumped = schema.dump(data)
    _load(schema, dumped)
    notice = _schema(entry.notice).dump(data) if entry.notice else None
    return Event(
        type=name,
        source=source or f"/ngao/{entry.owner}",
        subject=subject,
        data=dumped,
        id=str(uuid4()),
        time=time or datetime.now(UTC),
        urgent=urgent,
        traceparent=traceparent,
        dataclassification=entry.classification,
        partnerid=partner_id,
        notice=notice,
    )


def open_event(event: Event, *, as_notice: bool = False) -> dict[str, Any]:
    """Bring an event's data to its current version and to native values; raises UnknownType, InvalidContent.

    As a notice, it is read by a service that gets no more: what else is in it is left out.
    """
    current = upcast(event)
    entry = type_named(current.type)
    return _load(_schema(entry.notice if as_notice and entry.notice else entry.schema), current.data)


def _load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise InvalidContent(field_errors(error.messages)) from None
    return loaded
