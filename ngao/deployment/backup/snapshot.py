"""Reads one service's database at one cluster time, each document as it is stored.

MongoDB can read all collections at one time in the past (read concern "snapshot") for five minutes
(`minSnapshotHistoryWindowInSeconds`), while the service continues to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from ngao.chassis.errors import Unavailable
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage import backups
from ngao.chassis.storage.connection import client_options
from ngao.chassis.storage.preflight import RESTORES, require_store, with_accepted_password
from ngao.deployment.backup.records import Collection

_AT_ONCE = 1000
_TOO_OLD = 239
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True)
class Snapshot:
    """An open view of a database; `taken` is its cluster time. The caller closes its client."""

    client: MongoClient[dict[str, Any]]
    database: str
    taken: Timestamp

    @classmethod
    def open(cls, settings: StoreSettings, taken: Timestamp | None = None) -> Self:
        """Fix the snapshot time, or use that of another view of the same server. Raises Misconfigured, Unavailable."""
        settings = with_accepted_password(settings)
        require_store(settings)
        options = {**client_options(settings), "socketTimeoutMS": 60_000}
        client: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://{settings.hosts}/{settings.database}", **options)
        try:
            if taken is None:
                first = {"find": "outbox", "limit": 1, "readConcern": {"level": "snapshot"}}
                taken = client[settings.database].command(first)["cursor"]["atClusterTime"]
        except PyMongoError as error:
            client.close()
            raise _trouble(settings.database, error) from None
        return cls(client, settings.database, taken)

    @property
    def at(self) -> datetime:
        """The snapshot time, to the second."""
        return self.taken.as_datetime()

    def collections(self) -> Iterator[tuple[Collection, Iterator[bytes]]]:
        """Yield each collection with its documents, to be read in this order. Raises Unavailable."""
        try:
            database = self.client[self.database]
            found = [each for each in database.list_collections() if not each["name"].startswith("system.")]
            for each in sorted(found, key=lambda one: str(one["name"])):
                if each.get("type") == "collection" and each["name"] != RESTORES:
                    indexes = tuple(dict(index) for index in database[each["name"]].list_indexes())
                    yield Collection(each["name"], each["options"], indexes), self._documents(each["name"])
        except PyMongoError as error:
            raise _trouble(self.database, error) from None

    def _documents(self, name: str) -> Iterator[bytes]:
        raw: Database[RawBSONDocument] = Database(self.client, self.database, codec_options=_RAW)  # type: ignore[arg-type]
        concern = {"level": "snapshot", "atClusterTime": self.taken}
        asked = {"find": name, "batchSize": _AT_ONCE, "readConcern": concern}
        try:
            for document in raw.cursor_command(asked, codec_options=_RAW):  # for the first batch; the database's own for others
                yield bytes(document.raw)
        except PyMongoError as error:
            raise _trouble(self.database, error) from None


def leave_mark(settings: StoreSettings, taken: datetime) -> None:
    """Note in a store that a backup of this moment exists. Raises Misconfigured, Unavailable."""
    settings = with_accepted_password(settings)
    try:
        with MongoClient[dict[str, Any]](f"mongodb://{settings.hosts}/{settings.database}", **client_options(settings)) as client:
            backups.mark(client[settings.database], taken)
    except PyMongoError as error:
        raise Unavailable(f"The mark could not be written ({getattr(error, 'code', None) or type(error).__name__}).") from None


def _trouble(database: str, error: PyMongoError) -> Unavailable:
    if isinstance(error, OperationFailure) and error.code == _TOO_OLD:
        way_out = "set minSnapshotHistoryWindowInSeconds higher on its store, or back it up at a quieter hour"
        return Unavailable(f"{database} could not be read within the time that its store remembers: {way_out}.")
    reason = getattr(error, "code", None) or type(error).__name__
    return Unavailable(f"The store of {database} broke off while it was being read ({reason}): try again.")
