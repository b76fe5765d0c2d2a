"""Restores the database of one service, whose partners and other services have continued since the backup.

Beside writing the documents, a restore does four things; docs/explanation/backups.md gives the reasons. Events that were sent
are marked to be sent again. Sequence numbers continue from a floor above all numbers in use. The service records the restore in
its audit trail when it starts. A mark keeps the service from starting until the restore is complete.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection as Stored
from pymongo.database import Database
from pymongo.errors import PyMongoError

from ngao.chassis.errors import NotAllowedNow, Unavailable
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage import backups
from ngao.chassis.storage.connection import DURABLE, client_options
from ngao.chassis.storage.preflight import RESTORES, require_store, with_accepted_password
from ngao.chassis.storage.sequences import FLOOR
from ngao.deployment.backup.records import Collection

OUTSIDERS_MARGIN = timedelta(hours=24)
"""How far before the backup an event may have been sent that still waited in an outsider's queue."""

_FLOOR_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_NUMBERS_A_SECOND = 1000
_BATCH, _BATCH_BYTES = 1000, 8 * 1024 * 1024
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

Records = Iterator[Collection | bytes]


@dataclass(frozen=True)
class Target:
    """The database of one service, to be filled."""

    settings: StoreSettings
    replace: bool

    def demand_fit(self) -> None:
        """Check that the database can be filled. Raises NotAllowedNow if it has documents and `replace` is False.

        That a service has started and awaits a backup is no content.
        """
        require_store(with_accepted_password(self.settings), whole=False)
        with self._opened() as database:
            kept = set(_collections(database)) - {backups.BACKUPS}
            full = sorted(name for name in kept if database[name].find_one({}, {"_id": 1}))
        if full and not self.replace:
            where = f"{self.settings.database} at {self.settings.hosts}"
            raise NotAllowedNow(f"{where} is not empty (it has {full[0]}): give --replace to put the backup in its place.")

    def fill(self, records: Records, taken: datetime, *, progress: Callable[[int], None], now: datetime) -> int:
        """Write all records, and return the number of documents. `taken` is the time of the backup. Raises Unavailable."""
        with self._opened() as database:
            mark = {"_id": secrets.token_hex(8), "began_at": now, "ended_at": None, "backup_taken_at": taken}
            restores = database.get_collection(RESTORES, write_concern=DURABLE)
            restores.delete_many({"ended_at": None})
            restores.insert_one(mark)
            for name in _collections(database):
                database.drop_collection(name)
            collections, written = _write_all(database, records, progress)
            _send_again(database["outbox"], taken, now)
            _raise_floor(database["sequences"], now)
            backups.mark(database, taken)
            for each in collections:
                _make_indexes(database, each)
            end = {"ended_at": datetime.now(UTC), "documents": written, "noted": False}
            restores.update_one({"_id": mark["_id"]}, {"$set": end})
        return written

    @contextmanager
    def _opened(self) -> Iterator[Database[dict[str, Any]]]:
        options = {**client_options(with_accepted_password(self.settings)), "socketTimeoutMS": 120_000}
        with MongoClient[dict[str, Any]](f"mongodb://{self.settings.hosts}/", **options) as client:
            try:
                yield client.get_database(self.settings.database, write_concern=DURABLE)
            except PyMongoError as error:
                reason = getattr(error, "code", None) or type(error).__name__
                where = f"The store of {self.settings.database} at {self.settings.hosts}"
                raise Unavailable(f"{where} broke off ({reason}): repeat with --replace when it is available.") from None


def _collections(database: Database[dict[str, Any]]) -> list[str]:
    return [name for name in database.list_collection_names() if name != RESTORES and not name.startswith("system.")]


def _write_all(
    database: Database[dict[str, Any]], records: Records, progress: Callable[[int], None]
) -> tuple[list[Collection], int]:
    collections: list[Collection] = []
    written, size = 0, 0
    pending: list[bytes] = []
    for record in records:
        if isinstance(record, Collection):
            written += _flush(database, collections, pending)
            collections.append(record)
            database.create_collection(record.name, **record.options)
            continue
        pending.append(record)
        size += len(record)
        if len(pending) >= _BATCH or size > _BATCH_BYTES:
            written, size = written + _flush(database, collections, pending), 0
            progress(written)
    return collections, written + _flush(database, collections, pending)


def _flush(database: Database[dict[str, Any]], collections: list[Collection], pending: list[bytes]) -> int:
    if not pending:
        return 0
    into: Stored[Any] = database.get_collection(collections[-1].name, codec_options=_RAW)
    into.insert_many([RawBSONDocument(each) for each in pending], ordered=False)
    written = len(pending)
    pending.clear()
    return written


def _make_indexes(database: Database[dict[str, Any]], collection: Collection) -> None:
    wanted = [{name: value for name, value in index.items() if name != "ns"} for index in collection.indexes]
    own = [index for index in wanted if index["name"] != "_id_"]
    if own:
        database.command("createIndexes", collection.name, indexes=own)


def _send_again(outbox: Stored[dict[str, Any]], taken: datetime, now: datetime) -> None:
    """Mark events to be sent again: all kept ones between services, which may have waited for days; to outsiders, recent ones."""
    again = {"$set": {"lease": "", "leased_until": now, "trouble": None}, "$unset": {"sent_at": ""}}
    outbox.update_many({"sent_at": {"$exists": True}, "to": EVENTS}, again)
    outbox.update_many({"sent_at": {"$gte": taken - OUTSIDERS_MARGIN}, "to": {"$ne": EVENTS}}, again)


def _raise_floor(sequences: Stored[dict[str, Any]], now: datetime) -> None:
    """Raise the floor of sequence numbers above all used ones, also those of earlier restores: the floor grows with time."""
    floor = int((now - _FLOOR_BEGAN).total_seconds()) * _NUMBERS_A_SECOND
    sequences.update_one({"_id": FLOOR}, {"$max": {"n": floor}}, upsert=True)
