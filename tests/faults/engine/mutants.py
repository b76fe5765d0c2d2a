"""Broken platforms: each takes one promise out of the code while it runs. A checker that stays green on one has a hole."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING
from pymongo.write_concern import WriteConcern

from ngao.chassis import errors as parsing
from ngao.chassis.messaging.outbox import WAITING, Entry
from ngao.chassis.messaging.pipeline import Pipeline
from ngao.chassis.messaging.publisher import Publisher
from ngao.chassis.messaging.relay import LEASE, WINDOW, Relay
from ngao.chassis.security import seals
from ngao.chassis.storage import connection as connection_module
from ngao.chassis.storage import transactions as transactions_module
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.sealed_fields import Sealer
from ngao.chassis.storage.unit_of_work import Unit


@dataclass(frozen=True)
class Mutant:
    """What is broken, how, and by which faults it should be found (`shown_by` names them)."""

    says: str
    apply: Callable[[], None]
    shown_by: tuple[str, ...]


class _Acknowledged:
    """Stands in for a channel whose message was acknowledged already."""

    def basic_ack(self, _tag: int) -> None:
        return


def _write_concern_1() -> None:
    weak = WriteConcern(1, j=False)
    transactions_module.DURABLE = weak
    connection_module.DURABLE = weak


def _ack_before_commit() -> None:
    run = Pipeline.run

    def acknowledged_first(self: Any, items: Any) -> None:
        for item in items:
            if not isinstance(item.channel, _Acknowledged):
                item.channel.basic_ack(item.tag)
                item.channel = _Acknowledged()
        run(self, items)

    Pipeline.run = acknowledged_first  # type: ignore[method-assign]


def _no_mandatory() -> None:
    def send(self: Any, batch: Any) -> None:
        channel = self._ensure_channel()
        self._open.clear()
        for at, outgoing in enumerate(batch):
            self._tag += 1
            self._open[self._tag] = at
            channel._basic_publish(self._message(outgoing), outgoing.exchange, outgoing.routing_key)

    Publisher._send = send  # type: ignore[method-assign]


def _no_inbox() -> None:
    Pipeline._drop_seen = lambda _self, items, _doubtful: items  # type: ignore[method-assign]
    Unit.mark = lambda _self, _key: None  # type: ignore[method-assign]


def _publish_before_commit() -> None:
    apply, init = GroupCommitter._apply, GroupCommitter.__init__

    def initialised(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._said = self._on_committed
        self._on_committed = lambda _entries: None

    def said_first(self: Any, session: Any, units: Any) -> Any:
        entries = apply(self, session, units)
        self._said(entries)
        time.sleep(0.1)  # so that the relay really has published them when the transaction ends badly
        return entries

    GroupCommitter.__init__ = initialised  # type: ignore[method-assign]
    GroupCommitter._apply = said_first  # type: ignore[method-assign]


def _lease_ignored() -> None:
    def claim(self: Any, now: Any) -> list[Entry]:
        ids = [each["_id"] for each in self._outbox.find(WAITING, {"_id": 1}).sort("created_at", ASCENDING).limit(WINDOW * 5)]
        change = {"$set": {"lease": self._token, "leased_until": now + LEASE}}
        self._outbox.update_many({"_id": {"$in": ids}}, change)
        return [Entry.from_document(document) for document in self._outbox.find({"_id": {"$in": ids}})]

    def take(self: Any) -> list[Entry]:
        batch: list[Entry] = []
        for queue in self._held.values():
            while queue and len(batch) < WINDOW:
                batch.append(queue.popleft())
        return batch

    Relay._claim = claim  # type: ignore[method-assign]
    Relay._next_batch = take  # type: ignore[method-assign]


def _forgetful_outbox() -> None:
    """Events are handed to the relay and never stored."""
    apply = GroupCommitter._outbox_entries

    def unleased(self: Any, session: Any, units: Any) -> list[Entry]:
        entries = apply(self, session, units)
        self._kept = entries
        return []

    write = GroupCommitter._write

    def written(self: Any, units: Any) -> list[Entry]:
        write(self, units)
        return self._kept

    GroupCommitter._outbox_entries = unleased  # type: ignore[method-assign]
    GroupCommitter._write = written  # type: ignore[method-assign]


def _nothing_sealed() -> None:
    """Sealed fields hold what they should hide."""
    Sealer.seal = lambda _self, _scope, _collection, _id, _field, plaintext: plaintext  # type: ignore[method-assign]
    Sealer.open = lambda _self, _scope, _collection, _id, _field, ciphertext: ciphertext  # type: ignore[method-assign]


def _boxes_of_glass() -> None:
    """What goes to the registry or a partner is packed, and not sealed."""
    seals.seal_to = lambda _key, content: base64.b64encode(content).decode()


def _talkative_errors() -> None:
    """An error that repeats what it is about in the answer, and on the error stream: a logger would have left it out."""
    read = parsing.InvalidInput.__init__

    def told(self: Any, message: str, errors: Any = (), **more: Any) -> None:
        frame = sys._getframe(1)
        read(self, f"{message} {frame.f_locals.get('document')}", errors, **more)
        sys.stderr.write(f"{self}\n")

    parsing.InvalidInput.__init__ = told  # type: ignore[method-assign]


@dataclass(frozen=True)
class Leak:
    """A platform that leaks: how, and the places (see `tests/support/searching.py`) in which a search must find it."""

    says: str
    apply: Callable[[], None]
    shown_in: tuple[str, ...]


LEAKS: dict[str, Leak] = {
    "nothing-sealed": Leak("fields are stored as they came", _nothing_sealed, ("documents", "database_files")),
    "boxes-of-glass": Leak("boxes are packed and not sealed", _boxes_of_glass,
                           ("documents", "database_files", "broker_files", "said")),
    "talkative-errors": Leak("errors repeat what they are about", _talkative_errors, ("service_files", "answers")),
}  # fmt: skip

MUTANTS: dict[str, Mutant] = {
    "write-concern-1": Mutant("commits wait for no journal and no majority", _write_concern_1, ("mongod-killed",)),
    "ack-before-commit": Mutant("messages are acknowledged before their effect", _ack_before_commit,
                                ("killed-in-handler", "killed-before-commit", "killed-in-transaction")),
    "no-mandatory": Mutant("unroutable events are not returned", _no_mandatory, ("binding-deleted",)),
    "no-inbox": Mutant("nobody remembers which events took effect", _no_inbox, ("duplicates", "killed-before-ack")),
    "publish-before-commit": Mutant("events leave before they are stored", _publish_before_commit,
                                    ("killed-in-transaction",)),
    "lease-ignored": Mutant("the sweep takes what another process holds", _lease_ignored, ("two-processes",)),
    "memory-outbox": Mutant("events wait in memory only", _forgetful_outbox, ("killed-after-commit", "broker-killed")),
}
