"""The service's own database: connected once, majority and journal on every single write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import mongoengine
from pymongo import ASCENDING, IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.security.tls import demand_client
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import CHASSIS
from ngao.chassis.storage.lookups import Lookups

DURABLE = WriteConcern("majority", j=True, wtimeout=5000)
INBOX_DAYS = 120
APPROVALS_DAYS = 90
"""How long it is kept that something was asked for and decided; the audit keeps it after that."""
OUTBOX_DAYS = 7
"""How long a sent event is stored: as far back as a lost broker can be replayed, and as old as a backup may be."""


def _index(*names: str, **options: Any) -> IndexModel:
    return IndexModel([(name, ASCENDING) for name in names], **options)


def _there(name: str) -> dict[str, Any]:
    return {name: {"$exists": True}}


_NO_RIGHT = 13
OLDEST_WAITING = "waiting_by_age"
WAITING_IN_ORDER = "waiting_in_order"
IN_ORDER = ("leased_until", "priority", "created_at", "_id")
IN_TROUBLE = "in_trouble"
JOURNAL = "outbox"
"""One collection for what the chassis itself writes with a unit, so that it costs one command: the events that are to leave,
the marks of those that took effect, and lines that are moved later. It has the name it had when it held only the first.
"""
MARKS_OF_BEFORE = "inbox"
"""Where the marks were before they were in the journal."""
AUDIT = "audit"
AUDIT_INDEXES = (_index("chain", "n", unique=True), _index("subject"))
"""Made together with the service's account, which has no right to make indexes on what is on record."""

TO_MOVE = _there("to_move")
"""What units left for later (see `journal`)."""
SIZE: Mapping[str, Any] = {"size": {"$bsonSize": "$$ROOT"}}
"""What a reading shows besides, so that `fitting` knows how large each document is."""
_WAITING = _there("leased_until")
_CHASSIS_INDEXES: Mapping[str, list[IndexModel]] = {
    JOURNAL: [
        _index(*IN_ORDER, name=WAITING_IN_ORDER, partialFilterExpression=_WAITING),
        _index("lease", name="waiting_by_holder", partialFilterExpression=_WAITING),
        _index("trouble", name=IN_TROUBLE, partialFilterExpression={"trouble": {"$type": "string"}}),
        _index("created_at", name=OLDEST_WAITING, partialFilterExpression=_WAITING),
        _index("sent_at", name="sent", partialFilterExpression=_there("sent_at"), expireAfterSeconds=OUTBOX_DAYS * 86400),
        _index("at", name="marks", partialFilterExpression=_there("at"), expireAfterSeconds=INBOX_DAYS * 86400),
        _index("to_move", name="to_move", partialFilterExpression=TO_MOVE),
    ],
    "parked": [
        _index("state", "parked_at"),
        _index("content_type", "headers.x-ngao-user-id", "state", "size", name="load_of_an_account"),
    ],
    AUDIT: list(AUDIT_INDEXES),
    "approvals": [
        _index("state", "asked_at"),
        _index("asked_at", name="forgotten", expireAfterSeconds=APPROVALS_DAYS * 86400),
    ],
    "data_keys": [_index("scope", unique=True)],
}
_OUTGROWN: Mapping[str, frozenset[str]] = {
    JOURNAL: frozenset({"leased_until_1_priority_1_created_at_1", "lease_1", "created_at_1", "waiting_by_lease"})
}
"""Indexes of an earlier version that would grow with what is kept now."""


def client_options(settings: StoreSettings) -> dict[str, Any]:
    """Return the options of every connection to a store: bounds on waits, the service's account, and TLS where it is set."""
    options: dict[str, Any] = {
        "replicaSet": settings.replica_set,
        "tz_aware": True,
        "uuidRepresentation": "standard",
        "serverSelectionTimeoutMS": settings.timeout_ms,
        "connectTimeoutMS": settings.timeout_ms,
        "socketTimeoutMS": settings.timeout_ms * 2,
        "retryWrites": True,
        "readConcernLevel": "majority",
    }
    if settings.username:
        known_in = settings.auth_source or settings.database
        options |= {"username": settings.username, "password": settings.password, "authSource": known_in}
    if settings.auth_source:
        options["authMechanism"] = "SCRAM-SHA-256"  # `__system` is asked for nothing else
    if settings.ca_file:
        demand_client(settings.ca_file)
        options |= {"tls": True, "tlsCAFile": str(settings.ca_file)}
    return options


def fitting(found: Iterable[dict[str, Any]], most_bytes: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the first documents that are not too much together, the first however large, and whether others were left."""
    first: list[dict[str, Any]] = []
    taken = 0
    for each in found:
        taken += each["size"]
        if first and taken > most_bytes:
            return first, True
        first.append(each)
    return first, False


class Store:
    """One service's database.

    The connection string names no write concern: MongoEngine's saves inside a transaction would fail with code 72.
    Durability is put on the transaction instead, and on the collections that `durable` returns.
    """

    def __init__(self, settings: StoreSettings, alias: str) -> None:
        self.alias = alias
        mongoengine.disconnect(alias)
        self.client: MongoClient[dict[str, Any]] = mongoengine.connect(
            settings.database, alias=alias, host=f"mongodb://{settings.hosts}/{settings.database}", **client_options(settings)
        )
        self.database: Database[dict[str, Any]] = self.client[settings.database]
        self.lookups = Lookups(self.database, settings.timeout_ms / 1000)
        self._documents: list[type[Stored]] = []
        self.has_marks_of_before = False
        """True for the first 120 days after an upgrade from a version that kept them apart."""

    def durable(self, name: str) -> Collection[dict[str, Any]]:
        """Return a collection whose single writes answer only when a majority has journaled them."""
        return self.database.get_collection(name, write_concern=DURABLE, read_concern=ReadConcern("majority"))

    def ensure_indexes(self, documents: Iterable[type[Stored]]) -> None:
        """Make every index and every collection at start, because a transaction should find them there."""
        try:
            existing = set(self.database.list_collection_names())
            for name in CHASSIS:
                if name not in existing:
                    self._create(name)
                if name in _CHASSIS_INDEXES:
                    self._make_indexes(self.database[name], _CHASSIS_INDEXES[name])
            for document in documents:
                self._documents.append(document)
                if document.collection_name() not in existing:
                    self._create(document.collection_name())
                document.ensure_indexes()
            self.has_marks_of_before = MARKS_OF_BEFORE in existing and self.database[MARKS_OF_BEFORE].find_one() is not None
        except ConnectionFailure as error:
            raise Unavailable(f"The store {self.database.name} does not answer ({type(error).__name__}).") from None
        except PyMongoError as error:
            if getattr(error, "code", None) == _NO_RIGHT:
                way_out = "Run the job `provision`, or `ngao up`"
                raise Misconfigured(f"The account has too few rights in the store {self.database.name}. {way_out}.") from None
            raise Misconfigured(f"The store {self.database.name} cannot be used ({type(error).__name__}).") from None

    def _make_indexes(self, collection: Collection[dict[str, Any]], wanted: list[IndexModel]) -> None:
        existing = collection.index_information()
        if missing := [index for index in wanted if index.document["name"] not in existing]:
            collection.create_indexes(missing)
        for outgrown in _OUTGROWN.get(collection.name, frozenset()) & existing.keys():
            collection.drop_index(outgrown)

    def _create(self, name: str) -> None:
        """Create a collection. Another replica of the service may be creating it too."""
        try:
            self.database.create_collection(name)
        except PyMongoError as error:
            if getattr(error, "code", None) != 48 and "already exists" not in str(error):
                raise

    def problem(self) -> str | None:
        """Return, for readiness, that the primary does not answer, or nothing."""
        try:
            self.database.command("ping")
        except PyMongoError as error:
            return f"The store {self.database.name} does not answer ({type(error).__name__})."
        return None

    def members(self) -> dict[str, int]:
        """Return how many members of the replica set are in each state, as the driver last saw them, without a query."""
        seen = Counter(each.server_type_name for each in self.client.topology_description.server_descriptions().values())
        known = {"primary": seen["RSPrimary"], "secondary": seen["RSSecondary"]}
        return {**known, "away": seen["Unknown"], "other": seen.total() - sum(known.values()) - seen["Unknown"]}

    def size(self) -> tuple[int, int, int]:
        """Return the bytes of our own records and indexes, and of the store's disk: used, and in all."""
        found = self.database.command("dbStats")
        return int(found["storageSize"] + found["indexSize"]), int(found["fsUsedSize"]), int(found["fsTotalSize"])

    def close(self) -> None:
        """Let go of the connections.

        mongoengine takes only one class of each name off a connection, and two services have a `CaseDocument`.
        """
        for document in self._documents:
            document._disconnect()  # noqa: SLF001
        mongoengine.disconnect(self.alias)
