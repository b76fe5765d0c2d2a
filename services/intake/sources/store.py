"""Stored sources."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from mongoengine import BooleanField, DateTimeField, FloatField, ListField, StringField

from ngao.chassis.errors import NotFound
from ngao.chassis.security.identity import Credential
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.records import from_record, to_record
from services.intake.sources.model import Source

_KNOWN_FOR_S = 1.0


class SourceDocument(Stored):
    """One system that may post; of its keys only the hashes."""

    created_at = DateTimeField(required=True, **INTERNAL)
    enabled = BooleanField(required=True, **INTERNAL)
    profile = StringField(**INTERNAL)
    rate_per_second = FloatField(**INTERNAL)
    key_hashes = ListField(StringField(), **INTERNAL)

    meta = {"db_alias": "intake", "collection": "sources", "indexes": []}  # noqa: RUF012  # mongoengine's way


class SourceRepository:
    """The systems that may post."""

    def __init__(self, unit: Unit, credentials: SourceCredentials) -> None:
        self._unit, self._credentials = unit, credentials

    def find(self, source_id: str) -> Source | None:
        """Return the source with this id."""
        return _found(source_id)

    def get(self, source_id: str) -> Source:
        """Return the same. Raises NotFound."""
        source = self.find(source_id)
        if source is None:
            raise NotFound("There is no such source.")
        return source

    def all(self) -> list[Source]:
        """Every source, by id."""
        return [source_from(record) for record in SourceDocument.objects.order_by("id").as_pymongo()]

    def save(self, source: Source) -> None:
        """Register a new or changed source; this process asks for its account again once it is stored."""
        self._unit.put(source_document(source))
        self._unit.afterwards.append(lambda: self._credentials.forget(source.id))


class SourceCredentials:
    """The accounts that may call as a source, for the chassis.

    A known source is remembered for a second, because every request asks; what another process changed is read then.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Credential]] = {}

    def find(self, kind: str, id: str) -> Credential | None:  # noqa: A002  # the chassis's name for it
        """Return the source's account, or None for any other kind."""
        if kind != "source":
            return None
        until, known = self._known.get(id, (0.0, None))
        return known if known and monotonic() < until else self._read(id)

    def forget(self, source_id: str) -> None:
        """Discard the cached source, because this process has just changed it."""
        self._known.pop(source_id, None)

    def _read(self, source_id: str) -> Credential | None:
        until, source = monotonic() + _KNOWN_FOR_S, _found(source_id)
        if source is None:
            return None
        rate = source.rate_per_second
        found = Credential("source", source_id, source.key_hashes, enabled=source.enabled, rate_per_second=rate)
        self._known[source_id] = until, found
        return found


def _found(source_id: str) -> Source | None:
    """Return the source with this id."""
    record = SourceDocument.objects(id=source_id).as_pymongo().first()
    return source_from(record) if record else None


def source_document(source: Source) -> SourceDocument:
    """Return a source, ready to be stored."""
    return SourceDocument(**to_record(source))


def source_from(record: Mapping[str, Any]) -> Source:
    """Return a stored source."""
    return from_record(Source, record, id=record["_id"])
