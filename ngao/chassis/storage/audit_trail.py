"""Put acts on record in the transaction of the act itself, append them to their chains soon after, and verify the chains.

A line of the journal has the acts of one unit of work, with a keyed hash over them, so that a writer of the database can neither
add nor change one. Some 250 ms later a transaction moves it into its chains (see `clerk`). So no two units wait for the head of
a chain, and a head is written once for many acts.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from ngao.chassis.observability.logs import get_logger
from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Broken, Head, Key, Keys, Record, Verified, extend_all, verify
from ngao.chassis.security.audit_lines import is_sound, line_of, records_of
from ngao.chassis.storage.connection import AUDIT, JOURNAL, UNCHAINED
from ngao.chassis.storage.transactions import Transactions

_TOGETHER = 500
_TIMEOUT_S = 5.0
_log = get_logger("audit")


class AuditTrail:
    """One service's chains, and the lines of its journal that are to be appended to them."""

    def __init__(self, database: Database[dict[str, Any]], keys: Reread[Keys]) -> None:
        self._entries, self._heads, self._journal = database[AUDIT], database["audit_heads"], database[JOURNAL]
        self._replicated_heads = self._heads.with_options(read_concern=ReadConcern("majority"))
        self._transactions = Transactions(database.client, _TIMEOUT_S)
        self._count = itertools.count()
        self.keys = keys
        self.has_lines = threading.Event()
        """Set once a line is committed."""
        self._written: dict[int, Head] = {}
        self._refused: set[str] = set()

    def line(self, records: Sequence[Record]) -> dict[str, Any]:
        """Make the journal's line of one unit's acts. Its id is later than those of all earlier lines of this process."""
        line_id = f"{time.time_ns():020d}-{next(self._count):09d}-{secrets.token_hex(4)}"
        return line_of(line_id, records, self.keys.value().newest())

    def chain(self) -> int:
        """Append the oldest lines to their chains; returns how many. Safe beside other processes that do the same.

        A line that this service has not keyed is not appended: it stays, is logged, and counts as an audit that is broken.
        """
        count, moved = self._transactions.run(self._append)
        self._written |= moved
        return count

    def chain_all(self) -> None:
        """Append all lines."""
        while self.chain():
            continue

    @property
    def refused(self) -> bool:
        """True if a line was found that this service has not keyed."""
        return bool(self._refused)

    def oldest_s(self) -> float:
        """Return for how many seconds the oldest line has waited; 0 if none waits."""
        oldest = self._journal.find_one(UNCHAINED, {"_id": 1}, sort=[("unchained", ASCENDING)])
        return max(0.0, time.time() - _written_at_s(oldest["_id"])) if oldest else 0.0

    def written(self) -> dict[int, Head]:
        """Return where the chains were when this process wrote to them last."""
        return dict(self._written)

    def heads(self) -> dict[int, Head]:
        """Append the waiting lines, then return where each chain is; not a head that a failover may still roll back."""
        self.chain_all()
        return heads_from(self._replicated_heads.find())

    def verify(self, noted: Sequence[Head] = ()) -> Verified | Broken:
        """Append the waiting lines, then follow the chains from their beginning to their heads, through those that were noted."""
        self._refused.clear()
        self.chain_all()
        if self._refused:
            return Broken(-1, -1, "line")
        with self._heads.database.client.start_session(snapshot=True) as moment:  # the service writes on meanwhile
            heads = heads_from(self._heads.find(session=moment))
            entries = self._entries.find(session=moment).sort([("chain", ASCENDING), ("n", ASCENDING)])
            return verify(entries, self.keys.value(older_than=0), end=heads, noted=noted)

    def _append(self, session: ClientSession) -> tuple[int, dict[int, Head]]:
        chosen = {**UNCHAINED, "_id": {"$nin": sorted(self._refused)}} if self._refused else UNCHAINED
        lines = [
            line for line in self._journal.find(chosen, session=session).sort("unchained").limit(_TOGETHER) if self._takes(line)
        ]
        if not lines:
            return 0, {}
        heads = heads_from(self._heads.find(session=session))
        entries, moved = extend_all(heads, [record for line in lines for record in records_of(line)], self._key(heads, lines))
        moves = [ReplaceOne({"_id": head.chain}, _stored(head), upsert=True) for head in moved.values()]
        self._heads.bulk_write(moves, ordered=False, session=session)
        self._entries.insert_many(entries, session=session)
        self._journal.delete_many({"_id": {"$in": [line["_id"] for line in lines]}}, session=session)
        return len(lines), moved

    def _takes(self, line: Mapping[str, Any]) -> bool:
        keys = self.keys.having(str(line.get("key")))
        if is_sound(line, keys):
            return True
        self._refused.add(line["_id"])
        _log.error("audit.line_not_ours", line=str(line["_id"]))
        return False

    def _key(self, heads: Mapping[int, Head], lines: Iterable[Mapping[str, Any]]) -> Key:
        """Return the newest key, and none older than those in use: a chain's period never goes back."""
        used = [head.key for head in heads.values() if head.key] + [str(line["key"]) for line in lines]
        return self.keys.having(max(used)).newest()


def heads_from(documents: Iterable[Mapping[str, Any]]) -> dict[int, Head]:
    """Return the heads as they are stored, by chain."""
    return {each["_id"]: Head(each["_id"], each["n"], each["hash"], each.get("key")) for each in documents}


def _written_at_s(line_id: str) -> float:
    nanoseconds = line_id.partition("-")[0]
    return int(nanoseconds) / 1e9 if nanoseconds.isdecimal() else 0.0


def _stored(head: Head) -> dict[str, Any]:
    return {"_id": head.chain, "n": head.n, "hash": head.hash, "key": head.key}
