"""The chains of a service's audit: append acts that are on record, and verify the chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pymongo
from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from ngao.chassis.errors import Unavailable
from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Broken, Head, Key, Keys, Verified, extend_all, verify
from ngao.chassis.security.audit_lines import records_of
from ngao.chassis.security.audit_search import Sought
from ngao.chassis.storage.connection import AUDIT

_SEARCH_S = 4.0
_SHOWN = dict.fromkeys(("chain", "n", "at", "action", "subject", "actor", "detail"), 1) | {"_id": 0}


class AuditTrail:
    """One service's chains. `Journal` calls it for the acts that wait in its lines."""

    def __init__(self, database: Database[dict[str, Any]], keys: Reread[Keys]) -> None:
        self._entries, self._heads = database[AUDIT], database["audit_heads"]
        self._replicated_heads = self._heads.with_options(read_concern=ReadConcern("majority"))
        self.keys = keys
        self.written: dict[int, Head] = {}
        """Where the chains were when this process wrote to them last; noted once that is committed."""

    def append(self, session: ClientSession, lines: Sequence[Mapping[str, Any]]) -> dict[int, Head]:
        """Append the acts of some lines to their chains; returns the moved heads, to be noted after the commit."""
        if not lines:
            return {}
        heads = heads_from(self._heads.find(session=session))
        entries, moved = extend_all(heads, [record for line in lines for record in records_of(line)], self._key(heads, lines))
        moves = [ReplaceOne({"_id": head.chain}, _stored(head), upsert=True) for head in moved.values()]
        self._heads.bulk_write(moves, ordered=True, session=session)
        self._entries.insert_many(entries, session=session)
        return moved

    def heads(self) -> dict[int, Head]:
        """Return where each chain is now, by chain; a head that a failover may still roll back is not among them."""
        return heads_from(self._replicated_heads.find())

    def acts(
        self, subjects: Sequence[str], actions: Sequence[str], detail: Mapping[str, str], most: int
    ) -> tuple[int, list[Mapping[str, Any]]]:
        """Return how many entries about some subjects have these actions and details, and the newest of them."""
        details = {f"detail.{name}": value for name, value in detail.items()}
        wanted = {"subject": {"$in": list(subjects)}, "action": {"$in": list(actions)}, **details}
        newest = self._entries.find(wanted).sort([("at", DESCENDING), ("n", DESCENDING)]).limit(most)
        return self._entries.count_documents(wanted), list(newest)

    def verify(self, noted: Sequence[Head] = ()) -> Verified | Broken:
        """Follow the chains from their beginning to their heads, through those that were noted."""
        with self._heads.database.client.start_session(snapshot=True) as moment:  # the service writes on meanwhile
            heads = heads_from(self._heads.find(session=moment))
            entries = self._entries.find(session=moment).sort([("chain", ASCENDING), ("n", ASCENDING)])
            return verify(entries, self.keys.value(older_than=0), end=heads, noted=noted)

    def search(self, sought: Sought, most: int) -> list[dict[str, Any]]:
        """Return the entries that were sought, the newest first. Raises Unavailable if that takes too long.

        Only subjects have an index, so that each entry costs no more. Any other search reads the entries from the newest on.
        """
        query: dict[str, Any] = {name: value for name, value in vars(sought).items() if value and name not in {"since", "until"}}
        if sought.since or sought.until:
            bounds = {"$gte": sought.since, "$lt": sought.until}
            query["at"] = {name: value for name, value in bounds.items() if value}
        order = ("at", DESCENDING) if sought.subject else ("$natural", DESCENDING)
        try:
            with pymongo.timeout(_SEARCH_S):
                return list(self._entries.find(query, _SHOWN).sort([order]).limit(most))
        except PyMongoError as error:
            if error.timeout:
                raise Unavailable("The search takes too long. Name the subject, or a shorter period, and try again.") from None
            raise

    def _key(self, heads: Mapping[int, Head], lines: Iterable[Mapping[str, Any]]) -> Key:
        """Return the newest key, and none older than those in use: a chain's period never goes back."""
        used = [head.key for head in heads.values() if head.key] + [str(line["key"]) for line in lines]
        return self.keys.having(max(used)).newest()


def heads_from(documents: Iterable[Mapping[str, Any]]) -> dict[int, Head]:
    """Return the heads as they are stored, by chain."""
    return {each["_id"]: Head(each["_id"], each["n"], each["hash"], each.get("key")) for each in documents}


def _stored(head: Head) -> dict[str, Any]:
    return {"_id": head.chain, "n": head.n, "hash": head.hash, "key": head.key}
