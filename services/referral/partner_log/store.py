"""Stored events of partners, for their catch-up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from mongoengine import DateTimeField, IntField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, sealed
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, encode, for_partner

_EVENTS, _CURSORS = "partner_events", "partner_cursors"
_NUMBERED_AT_ONCE = 500
PARTNER_LOG_DAYS = 120


class PartnerEventDocument(Stored):
    """One event that a partner was sent. It gets its cursor when the partner asks, after it was committed.

    An event with a box for the partner is in `boxed` instead of `body`, with its offer, its part (contact or narrative) and its
    sequence.
    """

    partner_id = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    cursor = IntField(**INTERNAL)
    body = StringField(**INTERNAL)
    boxed = StringField(**sealed("boxes"))
    offer_id = StringField(**INTERNAL)
    part = StringField(**INTERNAL)
    sequence = IntField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": _EVENTS,
        "indexes": [
            {"fields": ["partner_id", "cursor"]},
            {"fields": ["offer_id"], "sparse": True},
            {"fields": ["at"], "expireAfterSeconds": PARTNER_LOG_DAYS * 86400},
        ],
    }


class PartnerCursorDocument(Stored):
    """The last cursor that a partner got."""

    last = IntField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": _CURSORS}


class PartnerLogRepository:
    """The events of partners.

    Cursors are given when a partner asks, not when an event is written: only what is committed gets one, so no event can
    appear behind a cursor that a partner has passed already; and writers for one partner never wait for one another.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, partner_id: str, event: Event) -> None:
        """Store an event that a partner is sent."""
        self._keep(partner_id, event, {"body": encode(for_partner(event)).decode()})

    def add_box(self, partner_id: str, offer_id: str, part: str, event: Event) -> None:
        """Store an event with a box that only the partner opens."""
        content = {"boxed": encode(for_partner(event)).decode(), "offer_id": offer_id, "part": part}
        self._keep(partner_id, event, content if event.sequence is None else {**content, "sequence": event.sequence})

    def boxes_of(self, offer_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the events with boxes for an offer that are not erased, each with its part, the oldest first."""
        self._unit.move_carried()
        stored = PartnerEventDocument.objects(offer_id=offer_id, part__exists=True).order_by("at", "sequence")
        return [(record["part"], json.loads(record["boxed"])) for record in stored.as_pymongo()]

    def erase_boxes(self, offer_id: str, part: str | None = None, *, before: int | None = None) -> None:
        """Remove the boxes of an offer, or of one part, or only those with a lower sequence than `before`.

        Boxes whose part or sequence an earlier version did not note are removed, too.
        """
        parts: dict[str, Any] = {"part__in": [part, None]} if part else {}
        older = {} if before is None else {"sequence__not__gte": before}
        self._remove(PartnerEventDocument.objects(offer_id=offer_id, **parts, **older))

    def erase_boxes_of(self, partner_id: str, limit: int) -> int:
        """Remove boxes of a partner. Returns how many."""
        return self._remove(PartnerEventDocument.objects(partner_id=partner_id, offer_id__exists=True).limit(limit))

    def erase_old_boxes(self, before: datetime, limit: int) -> int:
        """Remove boxes from before a moment. Returns how many."""
        return self._remove(PartnerEventDocument.objects(at__lte=before, offer_id__exists=True).limit(limit))

    def _remove(self, found: Any) -> int:
        self._unit.move_carried()
        records = list(found.only("revision").as_pymongo())
        for record in records:
            self._unit.drop(_EVENTS, record["_id"], record["revision"])
        return len(records)

    def _keep(self, partner_id: str, event: Event, content: Record) -> None:
        record = {"_id": event.id, "partner_id": partner_id, "at": self._unit.now, "revision": 1, **content}
        self._unit.carry(_EVENTS, record)

    def after(self, partner_id: str, cursor: int, limit: int) -> list[tuple[int, Mapping[str, Any]]]:
        """Return events after a cursor, each with its own; this numbers those that have none yet."""
        fresh = self._number(partner_id)
        stored = PartnerEventDocument.objects(partner_id=partner_id, cursor__gt=cursor).order_by("cursor").limit(limit)
        rows = [*stored.as_pymongo(), *(record for record in fresh if record["cursor"] > cursor)]
        return [(record["cursor"], json.loads(record.get("body") or record["boxed"])) for record in rows[:limit]]

    def _number(self, partner_id: str) -> list[Record]:
        self._unit.move_carried()
        unnumbered = PartnerEventDocument.objects(partner_id=partner_id, cursor=None).order_by("at", "id")
        found = list(unnumbered.limit(_NUMBERED_AT_ONCE).as_pymongo())
        if not found:
            return []
        known = PartnerCursorDocument.objects(id=partner_id).as_pymongo().first() or {"last": 0, "revision": 0}
        fresh = [{**record, "cursor": cursor} for cursor, record in enumerate(found, known["last"] + 1)]
        for record in fresh:
            self._unit.keep(_EVENTS, record, record["revision"])
        self._unit.keep(_CURSORS, {"_id": partner_id, "last": fresh[-1]["cursor"]}, known["revision"])
        return fresh
