"""One data key for each scope, such as a person, wrapped by the key of a period: destroying the key is erasing the data.

A data key is 32 random bytes, stored only wrapped (AES-256-GCM, NIST SP 800-38D) under the service's key-encryption
key of a period. Deleting it erases the scope; but an old backup still holds it wrapped, so each period's live keys are
wrapped again under the next one and the old key file is destroyed: then the backup holds nothing that opens.

An unwrapped key is cached for at most `CACHE_SECONDS` from before it was read: other processes notice an erasure within that
time, this one immediately (ADR 0070).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import ASCENDING, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ngao.chassis.errors import SealBroken
from ngao.chassis.rereading import Reread
from ngao.chassis.security.keyfiles import KEY_BYTES

COLLECTION = "data_keys"
KEY_ID_BYTES = 16
NONCE_BYTES = 12
_WRAP = b"ngao data key v1"
_LOOKUP = b"ngao lookup v1"
_BATCH = 500
CACHE_SECONDS = 1.0
"""A key that another process destroyed is unusable within two seconds: this one, and one for an answer in transit."""


@dataclass(frozen=True)
class DataKey:
    """An unwrapped data key: its id, as it is in every ciphertext, and the cipher that holds the key itself."""

    id: bytes
    cipher: AESGCM = field(repr=False)


class Epoch(NamedTuple):
    """How many keys were dropped until a moment, and that moment in ticks: a key that was read since is kept from it on."""

    drops: int
    at: float


def joined(*parts: bytes) -> bytes:
    """Join parts so that no two different lists give the same bytes: each is led by its length (4 bytes, big-endian)."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def ciphers(keys: Mapping[str, bytes]) -> dict[str, AESGCM]:
    """Return the cipher of each key-encryption key, by period. It holds the key itself, and is made once for each reading."""
    return {period: AESGCM(key) for period, key in keys.items()}


class Keyring:
    """A service's data keys by scope (such as `person:<id>`), its key-encryption keys by period and its lookup key.

    The newest period is the active one. A process that meets a period that it does not know looks for its key immediately.
    """

    def __init__(
        self,
        keks: Reread[dict[str, AESGCM]],
        lookup: bytes,
        collection: Collection[dict[str, Any]],
        service: str,
        *,
        move_carried: Callable[[], None] = lambda: None,
        cache_size: int = 10_000,
        cache_seconds: float = CACHE_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self._keks = keks
        self._lookup = lookup
        self._ticks = ticks
        self._move_carried = move_carried
        # Majority on both sides: a key that a failover rolls back would take everything sealed under it along.
        self._keys = collection.with_options(write_concern=WriteConcern("majority", j=True), read_concern=ReadConcern("majority"))
        self._cache = _Cache(cache_size, cache_seconds, ticks)

    @property
    def active(self) -> str:
        """The period that new data keys are wrapped under."""
        return max(self._keks.value())

    @property
    def collection(self) -> str:
        """The name of the collection that new data keys are inserted into."""
        return self._keys.name

    def new(self, scope: str) -> tuple[DataKey, dict[str, Any]]:
        """Make a data key and its document, wrapped under the active period; the caller inserts it with the data."""
        key_id, key = secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(KEY_BYTES)
        document = {"_id": key_id, "scope": scope, **self._wrap(scope, key_id, self.active, key)}
        return DataKey(key_id, AESGCM(key)), document

    def find(self, scope: str) -> DataKey | None:
        """Return a scope's data key, from the cache or by one indexed read; None where there is none (yet, or any more)."""
        found = self._cache.get(scope) or self._load([scope]).get(scope)
        if found is None:
            self._move_carried()
            found = self._load([scope]).get(scope)
        return found

    def prefetch(self, scopes: Iterable[str]) -> None:
        """Bring many scopes' keys into the cache with one query, before a batch that needs them one by one."""
        missing = [scope for scope in dict.fromkeys(scopes) if self._cache.get(scope) is None]
        if missing:
            self._load(missing)

    @property
    def epoch(self) -> Epoch:
        """Give what was forgotten until now; taken before a key is made or read, and given to `keep`."""
        return self._cache.epoch

    def keep(self, scope: str, key: DataKey, epoch: Epoch) -> None:
        """Remember a new key once its document is committed, unless one was forgotten or its time has passed since `epoch`."""
        self._cache.put(scope, key, epoch)

    def forget(self, scope: str) -> None:
        """Drop a scope's key from this process's memory, as after an erasure elsewhere."""
        self._cache.drop(scope)

    def destroy(self, scope: str, session: ClientSession | None = None) -> bool:
        """Delete a scope's data key permanently, which erases all that was sealed under it. Returns True if there was one."""
        self._cache.drop(scope)
        deleted = self._keys.delete_one({"scope": scope}, session=session).deleted_count
        self._cache.drop(scope)
        return deleted > 0

    def scopes(self, prefix: str) -> list[str]:
        """Return the scopes with this prefix that have a live data key; the prefix holds no more than letters and colons."""
        self._move_carried()
        return [each["scope"] for each in self._keys.find({"scope": {"$regex": f"^{prefix}"}}, {"scope": 1})]

    def wrapped(self) -> dict[str, int]:
        """Return how many live data keys each period's key wraps."""
        self._move_carried()
        counted = self._keys.aggregate([{"$group": {"_id": "$period", "count": {"$sum": 1}}}])
        return {each["_id"]: each["count"] for each in counted}

    def rewrap(self, after: bytes = b"", *, within_s: float = 2.0) -> tuple[int, bytes | None]:
        """Wrap live data keys of other periods under the active one, in the order of their ids from `after` on.

        Gives how many, and the last id when the time was over before the end. Safe to run again after a stop. Once `wrapped`
        names the old period no more, its key file can be destroyed. Raises SealBroken when a stored key does not unwrap
        (nothing of its batch is changed then).
        """
        self._move_carried()
        to_period, done, deadline = self.active, 0, self._ticks() + within_s
        while batch := self._others(to_period, after):
            done += self._keys.bulk_write([self._rewrapped(stored, to_period) for stored in batch], ordered=False).modified_count
            after = bytes(batch[-1]["_id"])
            if self._ticks() > deadline:
                return done, after
        return done, None

    def lookup_hash(self, kind: str, value: str) -> str:
        """Return the keyed hash (HMAC-SHA256, hex) of a normalised value, for equality search without storing the value."""
        return hmac.new(self._lookup, joined(_LOOKUP, kind.encode(), value.encode()), hashlib.sha256).hexdigest()

    def _load(self, scopes: list[str]) -> dict[str, DataKey]:
        epoch = self._cache.epoch
        found = {}
        for stored in self._keys.find({"scope": {"$in": scopes}}):
            found[stored["scope"]] = key = DataKey(stored["_id"], AESGCM(self._unwrap(stored)))
            self._cache.put(stored["scope"], key, epoch)
        return found

    def _others(self, period: str, after: bytes) -> list[dict[str, Any]]:
        chosen = {"_id": {"$gt": after}, "period": {"$ne": period}}
        return list(self._keys.find(chosen).sort("_id", ASCENDING).limit(_BATCH))

    def _rewrapped(self, stored: Mapping[str, Any], to_period: str) -> UpdateOne:
        wrapped = self._wrap(stored["scope"], stored["_id"], to_period, self._unwrap(stored))
        return UpdateOne({"_id": stored["_id"], "period": stored["period"]}, {"$set": wrapped})

    def _wrap(self, scope: str, key_id: bytes, period: str, key: bytes) -> dict[str, Any]:
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = self._cipher(period).encrypt(nonce, key, self._bound_to(scope, key_id, period))
        return {"period": period, "wrapped": nonce + wrapped}

    def _unwrap(self, stored: Mapping[str, Any]) -> bytes:
        kek, wrapped = self._cipher(stored["period"]), stored["wrapped"]
        try:
            bound = self._bound_to(stored["scope"], stored["_id"], stored["period"])
            return kek.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise SealBroken("a data key does not unwrap: altered, or another service's") from None

    def _cipher(self, period: str) -> AESGCM:
        kek = self._keks.having(period).get(period)
        if kek is None:
            raise SealBroken("a data key is wrapped under a period whose key is not here")
        return kek

    def _bound_to(self, scope: str, key_id: bytes, period: str) -> bytes:
        return joined(_WRAP, self.service.encode(), scope.encode(), key_id, period.encode())


class _Cache:
    """Unwrapped keys, the longest kept dropped first. One whose time has passed is dropped at the next use of any key.

    A read that began before an erasure must not put the erased key back after it: it gives the epoch in which it began.
    """

    def __init__(self, size: int, seconds: float, ticks: Callable[[], float]) -> None:
        self._size, self._seconds, self._ticks = size, seconds, ticks
        self._kept: OrderedDict[str, tuple[float, DataKey]] = OrderedDict()
        self._lock = Lock()
        self._drops = 0

    @property
    def epoch(self) -> Epoch:
        with self._lock:
            return Epoch(self._drops, self._ticks())

    def get(self, scope: str) -> DataKey | None:
        with self._lock:
            self._drop_expired()
            until, key = self._kept.get(scope, (0.0, None))
            return key if until > self._ticks() else None

    def put(self, scope: str, key: DataKey, epoch: Epoch) -> None:
        with self._lock:
            self._drop_expired()
            if epoch.drops != self._drops:
                return
            self._kept[scope] = (epoch.at + self._seconds, key)
            self._kept.move_to_end(scope)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def drop(self, scope: str) -> None:
        with self._lock:
            self._drops += 1
            self._kept.pop(scope, None)

    def _drop_expired(self) -> None:
        now = self._ticks()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
