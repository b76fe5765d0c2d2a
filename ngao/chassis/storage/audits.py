"""Reads a service's audit as a whole: where its chains are, and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ASCENDING

from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.audit import Broken, Head, Verified, verify
from ngao.chassis.storage.audit_keys import AuditKeys
from ngao.chassis.storage.audit_trail import heads_from
from ngao.chassis.storage.connection import Store


class Audits:
    """What operators ask of one service's audit."""

    def __init__(self, store: Store, keys: AuditKeys, metrics: Metrics) -> None:
        self._store, self._keys, self._metrics = store, keys, metrics

    def heads(self) -> list[Head]:
        """Return where each chain is now, to be noted elsewhere."""
        return sorted(heads_from(self._store.durable("audit_heads").find()).values(), key=lambda head: head.chain)

    def verify(self, noted: Sequence[Head] = ()) -> Verified | Broken:
        """Follow the chains from their beginning to their heads, through those that were noted.

        A note is its author's statement: only what the chains themselves show becomes the metric.
        """
        database = self._store.database
        with self._store.client.start_session(snapshot=True) as moment:  # the service writes on meanwhile
            heads = heads_from(database["audit_heads"].find(session=moment))
            entries = database["audit"].find(session=moment).sort([("chain", ASCENDING), ("n", ASCENDING)])
            found = verify(entries, self._keys.all(), end=heads, noted=noted)
        if not (isinstance(found, Broken) and found.reason == "noted"):
            self._metrics.audit_whole.set(whole := isinstance(found, Verified))
            if whole:
                self._metrics.audit_verified.set_to_current_time()
        return found
