"""Stored sources."""

from __future__ import annotations

from time import monotonic

from ngao.chassis.errors import or_not_found
from ngao.chassis.security.identity import Credential
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from ngao.chassis.storage.repository import Repository
from ngao.chassis.storage.unit_of_work import Unit
from services.intake.sources.model import Source

_KNOWN_FOR_S = 1.0


class SourceDocument(Stored, of=Source, held=internal("created_at enabled profile rate_per_second key_hashes")):
    """One system that may post; of its keys only the hashes."""

    meta = {"db_alias": "intake", "collection": "sources", "indexes": []}  # noqa: RUF012  # mongoengine's way


class SourceRepository(Repository[Source]):
    """The systems that may post."""

    document = SourceDocument

    def __init__(self, unit: Unit, credentials: SourceCredentials) -> None:
        super().__init__(unit)
        self._credentials = credentials

    def existing(self, source_id: str) -> Source:
        """Return a source. Raises NotFound."""
        return or_not_found(self.get(source_id), "There is no such source.")

    def all(self) -> list[Source]:
        """Return every source, by id."""
        return self._all(SourceDocument.objects.order_by("id"))

    def save(self, source: Source) -> None:
        """Register a new or changed source; this process asks for its account again once it is stored."""
        super().save(source)
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
        until, record = monotonic() + _KNOWN_FOR_S, SourceDocument.objects(id=source_id).as_pymongo().first()
        if record is None:
            return None
        source: Source = SourceDocument.entity_of(record)
        rate = source.rate_per_second
        found = Credential(source.key_hashes, enabled=source.may_post, rate_per_second=rate)
        self._known[source_id] = until, found
        return found
