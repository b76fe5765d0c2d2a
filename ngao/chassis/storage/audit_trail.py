"""Write audit entries and move the heads of their chains, within the transaction of the audited change; verify the chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import CHAINS, Broken, Head, Keys, Record, Verified, chain_of, extend_all, verify
from ngao.chassis.storage.remembered import Outdated, Remembered


class AuditTrail:
    """One service's chains. The heads that this process moved last are not read again."""

    def __init__(self, database: Database[dict[str, Any]], keys: Reread[Keys]) -> None:
        self._entries, self._heads = database["audit"], database["audit_heads"]
        self._replicated_heads = self._heads.with_options(read_concern=ReadConcern("majority"))
        self.keys = keys
        self._last: Remembered[int, Head] = Remembered(CHAINS)
        self._moved: dict[int, Head] = {}
        self._written: dict[int, Head] = {}

    def write(self, session: ClientSession, records: Sequence[Record]) -> None:
        """Append to the chains. Raises Outdated when what is remembered is not what is stored."""
        self._moved = {}
        if not records:
            return
        chains = {chain_of(record.subject) for record in records}
        known = self._last.among(chains)
        heads = known | self._read(session, chains - known.keys())
        newest = max((head.key for head in heads.values() if head.key), default=None)  # a chain's period never goes back
        key = (self.keys.having(newest) if newest else self.keys.value()).newest()
        entries, moved = extend_all(heads, records, key)
        operations = [_move(head, known.get(chain)) for chain, head in moved.items()]
        result = self._heads.bulk_write(operations, ordered=False, session=session)
        if result.matched_count + result.upserted_count != len(operations):
            self._last.distrust()
            raise Outdated
        self._entries.insert_many(entries, session=session)
        self._moved = moved

    def settle(self, *, committed: bool) -> None:
        """Remember what is stored now, or, after a failure, that it is unknown."""
        if committed:
            self._last.keep(self._moved)
            self._written |= self._moved
        else:
            self._last.forget()

    def written(self) -> dict[int, Head]:
        """Return where the chains were when this process wrote to them last."""
        return dict(self._written)

    def heads(self) -> dict[int, Head]:
        """Return where each chain is now, by chain; a head that a failover may still roll back is not among them."""
        return heads_from(self._replicated_heads.find())

    def verify(self, noted: Sequence[Head] = ()) -> Verified | Broken:
        """Follow the chains from their beginning to their heads, through those that were noted."""
        with self._heads.database.client.start_session(snapshot=True) as moment:  # the service writes on meanwhile
            heads = heads_from(self._heads.find(session=moment))
            entries = self._entries.find(session=moment).sort([("chain", ASCENDING), ("n", ASCENDING)])
            return verify(entries, self.keys.value(older_than=0), end=heads, noted=noted)

    def _read(self, session: ClientSession, chains: set[int]) -> dict[int, Head]:
        found = self._heads.find({"_id": {"$in": list(chains)}}, session=session) if chains else ()
        return heads_from(found)


def heads_from(documents: Iterable[Mapping[str, Any]]) -> dict[int, Head]:
    """Return the heads as they are stored, by chain."""
    return {each["_id"]: Head(each["_id"], each["n"], each["hash"], each.get("key")) for each in documents}


def _move(head: Head, known: Head | None) -> ReplaceOne[dict[str, Any]]:
    after = {"_id": head.chain, "n": head.n, "hash": head.hash, "key": head.key}
    found_by = {"_id": head.chain} if known is None else {"_id": head.chain, "n": known.n, "hash": known.hash}
    return ReplaceOne(found_by, after, upsert=known is None)
