"""Memberships, sealed under the person's key. Which hub they are of is found by keyed hash only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from mongoengine import BinaryField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import hashed, sealed
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import from_record, to_record
from services.registry.networks.model import Agreed, Membership, MembershipRecord, State, place_of, places_of
from services.registry.store import Repository, scope_of


class MembershipDocument(Stored, of=MembershipRecord, but=("memberships",)):
    """The memberships of one record (the id), sealed under `person:<id>`; `places` are keyed hashes of hub and standing."""

    memberships = BinaryField(required=True, **sealed("cases"))
    places = ListField(StringField(), **hashed("cases"))

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "memberships", "indexes": ["places"]}


class MembershipRepository(Repository[MembershipRecord]):
    """Memberships of persons."""

    document = MembershipDocument

    def of(self, refs: Iterable[str]) -> list[MembershipRecord]:
        """Return what there is of these records."""
        return [found for found in (self.get(ref) for ref in refs) if found]

    def at(self, network: str, hub: str, standing: str, most: int) -> list[str]:
        """Return the references of records with such a membership, so many at most."""
        found = MembershipDocument.objects(places=self._hashed(place_of(network, hub, standing)))
        return list(found.order_by("id").limit(most).scalar("id"))

    def count(self, network: str, hub: str, standing: str) -> int:
        """Return how many records have such a membership."""
        return int(MembershipDocument.objects(places=self._hashed(place_of(network, hub, standing))).count())

    def remove(self, record: MembershipRecord) -> None:
        """Delete it."""
        self._entities.pop(record.id, None)
        self._unit.drop(self.collection, record.id, record.revision)

    def _hashed(self, place: str) -> str:
        return self._unit.keyring.lookup_hash("place", place)

    def _read(self, record: Record) -> MembershipRecord:
        key = record["_id"]
        raw = self._open(scope_of("", key), key, "memberships", record["memberships"])
        found: MembershipRecord = MembershipDocument.entity_of(record, memberships=tuple(_membership(each) for each in raw))
        return found

    def _record(self, entity: MembershipRecord) -> Record:
        raw = [_raw(each) for each in entity.memberships]
        return super()._record(entity) | {
            "memberships": self._seal(scope_of("", entity.id), entity.id, "memberships", raw),
            "places": [self._hashed(place) for place in places_of(entity.memberships)],
        }


def _raw(membership: Membership) -> Record:
    days = {name: day.isoformat() if day else None for name, day in (("since", membership.since), ("left", membership.left))}
    return {**to_record(membership), **days, "state": str(membership.state), "agreed": to_record(membership.agreed)}


def _membership(raw: Record) -> Membership:
    days = {name: date.fromisoformat(raw[name]) if raw[name] else None for name in ("since", "left")}
    return from_record(Membership, raw, **days, state=State(raw["state"]), agreed=Agreed(**raw["agreed"]))
