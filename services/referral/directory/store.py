"""Stored partners, and one record that counts every change of the directory."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BooleanField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.records import from_record, to_record
from services.referral.directory.model import Partner

_DIRECTORY = "directory"


class PartnerDocument(Stored):
    """A partner of the directory."""

    name = StringField(required=True, **INTERNAL)
    support_types = ListField(StringField(), **INTERNAL)
    counties = ListField(StringField(), **INTERNAL)
    languages = ListField(StringField(), **INTERNAL)
    capacity = IntField(required=True, **INTERNAL)
    public_key = StringField(**INTERNAL)
    signing_key = StringField(**INTERNAL)
    vouch = StringField(**INTERNAL)
    vetted = BooleanField(required=True, **INTERNAL)
    suspended = BooleanField(required=True, **INTERNAL)
    revoked = BooleanField(**INTERNAL)
    hours = ListField(DictField(), **INTERNAL)
    timezone = StringField(required=True, **INTERNAL)
    key_hashes = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partners"}


class DirectoryDocument(Stored):
    """One record whose revision counts up with every change of any partner."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "directory"}


class PartnerRepository:
    """Partners of one unit of work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._directory: DirectoryDocument | None = None

    def get(self, partner_id: str) -> Partner | None:
        """Return one partner as it is at this moment, or None."""
        record = PartnerDocument.objects(id=partner_id).as_pymongo().first()
        return _partner(record) if record else None

    def all(self) -> list[Partner]:
        """Return every partner, by id."""
        return all_partners()

    def put(self, partner: Partner) -> None:
        """Store a new or changed partner, and count the change of the directory."""
        self._unit.put(_document(partner))
        if self._directory is None:
            self._directory = DirectoryDocument.objects(id=_DIRECTORY).first() or DirectoryDocument(id=_DIRECTORY)
            self._unit.put(self._directory)


def all_partners() -> list[Partner]:
    """Return every partner, by id."""
    return [_partner(record) for record in PartnerDocument.objects.order_by("id").as_pymongo()]


def directory_version() -> int:
    """Return how often any partner was changed."""
    return DirectoryDocument.objects(id=_DIRECTORY).scalar("revision").first() or 0


def _document(partner: Partner) -> PartnerDocument:
    return PartnerDocument(**to_record(partner))


def _partner(record: dict[str, Any]) -> Partner:
    return from_record(Partner, record, id=record["_id"])
