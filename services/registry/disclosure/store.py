"""Stored outcomes of accepted offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BooleanField, DateTimeField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import from_record, to_record
from services.registry.disclosure.model import Disclosure, Refusal
from services.registry.store import Repository


class DisclosureDocument(Stored):
    """The outcome of one offer (the id)."""

    case_ref = StringField(required=True, **INTERNAL)
    partner_id = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    refusal = StringField(**INTERNAL)
    vouch = StringField(**INTERNAL)
    signature = StringField(**INTERNAL)
    ended = BooleanField(**INTERNAL)
    case_salt = StringField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "disclosures", "indexes": ["case_ref", "refusal"]}


class PinDocument(Stored):
    """The partner's keys (its id is the partner's) that contacts were last sealed to."""

    key_id = StringField(required=True, **INTERNAL)
    signing_key_id = StringField(**INTERNAL)
    issued_at = DateTimeField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "pins"}


class DisclosureRepository(Repository[Disclosure]):
    """The outcomes of offers."""

    collection = "disclosures"

    def of(self, case_ref: str) -> list[Disclosure]:
        """Return all of one case."""
        return self._all(DisclosureDocument.objects(case_ref=case_ref).order_by("id"))

    def _read(self, record: Record) -> Disclosure:
        return from_record(Disclosure, record, id=record["_id"])

    def _record(self, entity: Disclosure) -> Record:
        return to_record(entity, "id", "revision")


def withheld_for_keys(since: datetime) -> tuple[int, datetime | None]:
    """Return how many contacts were withheld for a partner's keys since a moment and still are, and when the first was."""
    codes = [refusal.value for refusal in Refusal if refusal.is_about_keys]
    found = DisclosureDocument.objects(refusal__in=codes, at__gte=since)
    first = found.order_by("at").only("at").as_pymongo().first()
    return (found.count(), first["at"]) if first else (0, None)
