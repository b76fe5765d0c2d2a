"""B5: what one outbox entry costs when a thousand wait, ten thousand, a hundred thousand. The relay itself does the work."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from uuid import uuid4

from bson.binary import Binary

from bench.contenders.floor import broker_settings
from bench.scenarios.rooms import Database
from bench.stage import Room, Stage
from ngao.chassis.clock import SystemClock
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.publisher import Publisher
from ngao.chassis.messaging.rechecks import Rechecks
from ngao.chassis.messaging.relay import Relay
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.connection import Store
from ngao.deployment.polling import wait_until

_BODY = Binary(b'{"data":"' + b"x" * 1000 + b'"}')
_AT_ONCE = 5000
_LONGEST_S = 180.0


class Backlog:
    """A virtual host with one queue that is bound to all events, and an outbox to fill."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._room = stage, stage.room("backlog")
        self._store: Store = Database.make(stage, "outbox").open("bench_outbox")
        self._store.ensure_indexes(())
        management = stage.platform.broker.management()
        management.put("exchanges", self._room.vhost, "events", body={"type": "topic", "durable": True})
        stage.quorum_queue(self._room, "all")
        management.post("bindings", self._room.vhost, "e", "events", "q", "all", body={"routing_key": "#"})
        management.close()

    def drain(self, count: int) -> float:
        """Return the seconds per entry with this number of waiting entries."""
        self._fill(count)
        metrics = Metrics()
        rechecks = Rechecks(self._store, "bench", News())
        relay = Relay(self._store, SystemClock(), lambda _edge: _publisher(self._room), metrics, rechecks)
        began = time.monotonic()
        thread = threading.Thread(target=relay.run, daemon=True)
        thread.start()
        finished = wait_until(lambda: _confirmed(metrics) >= count, _LONGEST_S, 0.01)
        took = time.monotonic() - began
        relay.stop()
        thread.join(20)
        management = self._stage.platform.broker.management()
        management.delete("queues", self._room.vhost, "all", "contents")
        management.close()
        if not finished:
            raise RuntimeError("the relay did not drain the outbox in time")
        return took / count

    def _fill(self, count: int) -> None:
        now = SystemClock().now() - timedelta(seconds=60)
        for first in range(0, count, _AT_ONCE):
            self._store.database["outbox"].insert_many(
                [_entry(now) for _ in range(min(_AT_ONCE, count - first))], ordered=False
            )  # fmt: skip


def _confirmed(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("ngao_relay_confirmed_total", {"type": "events"}) or 0


def _publisher(room: Room) -> Publisher:
    return Publisher(broker_settings(vars(room)), edge=False, name="bench.relay")


def _entry(now: object) -> dict[str, object]:
    own = uuid4().hex
    return {
        "_id": own, "message_id": own, "to": "events", "routing_key": "routine.bench", "body": _BODY,
        "content_type": "application/json", "headers": {}, "priority": 1, "created_at": now, "lease": "",
        "leased_until": now, "attempts": 0, "trouble": None,
    }  # fmt: skip
