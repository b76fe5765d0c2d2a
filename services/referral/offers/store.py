"""Engagements: who was asked and has accepted what, one small record per offer, so that no two cases wait for one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

from mongoengine import BooleanField, DateTimeField, IntField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit
from services.referral.directory.model import draw
from services.referral.matching.model import Load
from services.referral.offers.model import AT_WORK, LIVE, OPEN, REVOKED, Offer, State

_ENGAGEMENTS = "engagements"
_YES = {State.ACCEPTED, State.STARTED, State.COMPLETED, State.FAILED, State.RECALLED}
_NO = {State.DECLINED, State.EXPIRED}
_SPAN = 64
"""How many places are read together: a partner that takes thousands is not read whole for each offer."""
_CHOSEN_FOR_S = 2.0
_REMEMBERED_PLACES = 10_000
_BY_PARTNER_AND_STATE = [{"$group": {"_id": {"partner": "$partner_id", "state": "$state"}, "count": {"$sum": 1}}}]


class EngagementDocument(Stored):
    """One offer from its partner's side. Counting these gives a partner's load without a counter that all cases share.

    `place` is which of the partner's places a live offer has: the index lets no two offers have one. `human_notified` is
    whether a human was notified that a revoked partner is at work on it.
    """

    partner_id = StringField(required=True, **INTERNAL)
    state = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    place = IntField(**INTERNAL)
    human_notified = BooleanField(db_field="shown", **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "engagements",
        "indexes": [
            {"fields": ["partner_id", "state"]},
            {"fields": ["at"]},
            {"fields": ["partner_id", "place"], "unique": True, "partialFilterExpression": {"place": {"$gte": 0}}},
        ],
    }


class Promised:
    """Places that this process chose a moment ago and may not have committed: others choose different ones while they can."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[str, int], float] = {}

    def choose(self, partner_id: str, free: Sequence[int], drawn: int) -> int:
        """Return one of the free places, not one of those if there is another."""
        now = monotonic()
        if len(self._chosen) > _REMEMBERED_PLACES:
            self._chosen = {key: until for key, until in self._chosen.items() if until > now}
        fresh = [place for place in free if self._chosen.get((partner_id, place), now) <= now] or free
        place = fresh[drawn % len(fresh)]
        self._chosen[partner_id, place] = now + _CHOSEN_FOR_S
        return place


class EngagementRepository:
    """Who was asked and has accepted what, within one unit of work."""

    def __init__(self, unit: Unit, promised: Promised) -> None:
        self._unit = unit
        self._promised = promised
        self._touched: dict[str, Record] = {}
        self._reserved: dict[str, Record] = {}
        self._loads: dict[str, Load] = {}

    def follow(self, offer: Offer) -> None:
        """Store the state of an offer. An open or accepted offer has a place of the partner, its end frees it."""
        known = self._touched.get(offer.id) or self._read(offer)
        human_notified = REVOKED in offer.alarms
        if known.get("state") != offer.state.value or bool(known.get("shown")) != human_notified:
            record = {**known, "state": offer.state.value, "at": self._unit.now, "shown": human_notified or None}
            if not offer.live:
                record.pop("place", None)
            self._touched[offer.id] = record
            self._unit.keep(_ENGAGEMENTS, record, record.get("revision", 0))

    def reserve(self, offer: Offer, capacity: int) -> bool:
        """Reserve one of the partner's places for a new offer. Returns False when none is free.

        The unique index decides: of two units that chose the same place one gets a Conflict, and tries again.
        """
        room = capacity - self._load(offer.partner_id).places
        return self._reserve({"_id": offer.id, "partner_id": offer.partner_id}, offer, capacity, room)

    def confirm(self, offer: Offer, capacity: int) -> bool:
        """Return True if an offer has a place; one from before places were reserved gets one now, if one is free."""
        known = self._read(offer)
        if known.get("place") is not None:
            return True
        return self._reserve(known, offer, capacity, capacity - self._load(offer.partner_id).accepted)

    def loads(self, partner_ids: Sequence[str]) -> Mapping[str, Load]:
        """Return these partners' load."""
        lookup = self._unit.lookups.asking("loads", _live_engagements, lambda row: (row["_id"]["partner"],))
        loads: dict[str, Load] = {}
        for row in lookup.find(partner_ids):
            load, count = loads.get(row["_id"]["partner"], Load()), row["count"]
            accepted, asked = (count, 0) if State(row["_id"]["state"]) in AT_WORK else (0, count)
            loads[row["_id"]["partner"]] = Load(load.accepted + accepted, load.asked + asked)
        self._loads |= loads | {partner_id: Load() for partner_id in partner_ids if partner_id not in loads}
        return loads

    def live_of(self, partner_ids: Sequence[str], limit: int) -> list[str]:
        """Return offers that these partners have open or have accepted, the oldest first."""
        live = [state.value for state in OPEN | AT_WORK]
        return _offers(EngagementDocument.objects(partner_id__in=partner_ids, state__in=live), limit)

    def ended_of(self, partner_id: str, since: datetime, limit: int) -> list[str]:
        """Return the newest offers of a partner that ended since a moment, the oldest first."""
        ended = [state.value for state in State if state not in LIVE]
        found = EngagementDocument.objects(partner_id=partner_id, state__in=ended, at__gte=since)
        return list(found.order_by("-at").limit(limit).scalar("id"))[::-1]

    def at_work_of(self, partner_id: str) -> list[str]:
        """Return the accepted offers on which a partner is at work."""
        at_work = EngagementDocument.objects(partner_id=partner_id, state__in=[state.value for state in AT_WORK])
        return list(at_work.scalar("id"))

    def of_distrusted(self, distrusted: Sequence[str], revoked: Sequence[str], limit: int) -> list[str]:
        """Return offers that partners must not have any more: open ones, and what revoked ones accepted unknown to a human."""
        open_, at_work = ([state.value for state in states] for states in (OPEN, AT_WORK))
        found = _offers(EngagementDocument.objects(partner_id__in=distrusted, state__in=open_), limit) if distrusted else []
        if revoked:
            found += _offers(
                EngagementDocument.objects(partner_id__in=revoked, state__in=at_work, human_notified__ne=True), limit
            )
        return found

    def _load(self, partner_id: str) -> Load:
        """Return what a match of this unit has just read, and what the unit itself has reserved since."""
        if partner_id not in self._loads:
            self.loads([partner_id])
        load = self._loads[partner_id]
        return Load(load.accepted, load.asked + len(self._reserved_by(partner_id)))

    def _reserved_by(self, partner_id: str) -> set[int]:
        return {reserved["place"] for reserved in self._reserved.values() if reserved["partner_id"] == partner_id}

    def _read(self, offer: Offer) -> Record:
        known = self._reserved.get(offer.id) or self._unit.lookups.by(_ENGAGEMENTS).one(offer.id)
        return known or {"_id": offer.id, "partner_id": offer.partner_id}

    def _reserve(self, known: Record, offer: Offer, capacity: int, room: int) -> bool:
        place = self._free_place(offer, capacity, room) if room > 0 else None
        if place is not None:
            self._reserved[offer.id] = {**known, "place": place}
        return place is not None

    def _free_place(self, offer: Offer, capacity: int, room: int) -> int | None:
        """Return a place that no offer has, drawn so that units at work at the same moment seldom choose the same."""
        spans = -(-capacity // _SPAN)
        first = draw(offer.id)
        for turn in range(spans):
            begin = (first + turn) % spans * _SPAN
            places = range(begin, min(begin + _SPAN, capacity))
            lookup = self._unit.lookups.asking("places", _occupied_places, lambda row: (_span(row["partner_id"], row["place"]),))
            occupied = {row["place"] for row in lookup.find([_span(offer.partner_id, begin)])}
            free = sorted(set(places) - occupied - self._reserved_by(offer.partner_id))[:room]
            if free:
                return self._promised.choose(offer.partner_id, free, first)
        return None


def responses_since(moment: datetime) -> dict[str, float]:
    """Return the share of answered or expired offers that were accepted, by partner, since a moment."""
    answered = [state.value for state in _YES | _NO]
    yes: dict[str, int] = {}
    total: dict[str, int] = {}
    for row in EngagementDocument.objects(at__gte=moment, state__in=answered).aggregate(_BY_PARTNER_AND_STATE):
        partner_id = row["_id"]["partner"]
        total[partner_id] = total.get(partner_id, 0) + row["count"]
        if State(row["_id"]["state"]) in _YES:
            yes[partner_id] = yes.get(partner_id, 0) + row["count"]
    return {partner_id: yes.get(partner_id, 0) / count for partner_id, count in total.items()}


def _offers(found: Any, limit: int) -> list[str]:
    return list(found.order_by("at").limit(limit).scalar("id"))


def _span(partner_id: str, place: int) -> str:
    """Return the name of the places that are read together with this one."""
    return f"{partner_id} {place // _SPAN}"


def _occupied_places(spans: Iterable[str]) -> Iterable[Record]:
    """Return the partner and the place of each offer that has a place in these spans; the index has both."""
    whose = ((partner_id, int(number) * _SPAN) for partner_id, _, number in (span.rpartition(" ") for span in spans))
    places = [{"partner_id": partner_id, "place": {"$gte": begin, "$lt": begin + _SPAN}} for partner_id, begin in whose]
    found: Iterable[Record] = EngagementDocument.records().find({"$or": places}, {"_id": 0, "partner_id": 1, "place": 1})
    return found


def _live_engagements(partner_ids: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Return how many open and accepted offers each has."""
    live = [state.value for state in OPEN | AT_WORK]
    found: Iterable[dict[str, Any]] = EngagementDocument.objects(partner_id__in=partner_ids, state__in=live).aggregate(
        _BY_PARTNER_AND_STATE
    )
    return found
