"""The loop over one virtual host's queues. It owns its connection; nothing else touches its channels.

Urgent queues are read before routine ones at every turn; messages that wait are handled and committed together, never
two of the same case at once.
"""

from __future__ import annotations

import functools
import queue as queues
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound as QueueMissing
from kombu.connection import Connection

from ngao.chassis.messaging.authenticity import Authenticity
from ngao.chassis.messaging.broker import CONNECTION_ERRORS, certificate_until, close_quietly, connect, is_idle
from ngao.chassis.messaging.delivery import delivery_of
from ngao.chassis.messaging.inbox import Inbox
from ngao.chassis.messaging.pipeline import Item, Pipeline, Rejected
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.messaging.retry import Kind
from ngao.chassis.observability.logs import get_logger

BATCH = 50
_PREFETCH = {True: 20, False: 50}
_TOGETHER_S = 0.003
"""What was committed together is published together: the rest of it follows within this time."""
_PROBE_AFTER = 10
_STOP_WITHIN = 25.0
_LONGEST_PAUSE_S = 1.0
"""Between two tries to reach the broker: what piles up meanwhile takes as long again to be worked off."""


@dataclass(frozen=True)
class Subscription:
    """One queue and who handles it. `raw` handlers get the Delivery, others the Event; `entrypoint` None only parks.

    `key` is the routing key that a queue of events is bound with; a raw queue has none.
    """

    queue: str
    urgent: bool
    raw: bool
    entrypoint: Any = None
    key: str = ""


class Consumer:
    """The loop over one virtual host's queues: receive, choose, run the pipeline, settle."""

    def __init__(self, container: Any, subscriptions: list[Subscription], *, edge: bool) -> None:
        chassis = container.chassis
        self._container = container
        self._settings = chassis.settings.broker
        self._edge = edge
        self._vhost = "edge" if edge else "internal"
        self._name = f"{chassis.name}.consumer{'.edge' if edge else ''}"
        dead = Subscription(f"{chassis.name}.dead", urgent=False, raw=True)
        self._subscriptions = {each.queue: each for each in [*subscriptions, dead]}
        self._pipeline = Pipeline(
            units=chassis.units,
            inbox=Inbox(chassis.store),
            parking=chassis.parking,
            authenticity=Authenticity(chassis.metrics, chassis.signatures),
            tiers_s=chassis.settings.retry_tiers_s,
            handle=self._handle,
            edge=edge,
        )
        self._publisher = Publisher(self._settings, edge=edge, name=f"{self._name}.retry")
        self._metrics = chassis.metrics
        self._metrics.consumer_attached(self._vhost, 0, len(self._subscriptions))
        self._connection: Connection | None = None
        self._channels: list[Any] = []
        self._waiting: dict[bool, deque[Item]] = {True: deque(), False: deque()}
        self._failures = 0
        self._not_before = 0.0
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._trouble: str | None = "not connected yet"
        self._log = get_logger("consumer")
        chassis.health.register(self._name, self._problem)

    def run(self) -> None:
        """Consume until stopped; the loss of the broker or of a queue is survived and told by readiness."""
        pause = 0.2
        while not self._stopping.is_set():
            try:
                self._open()
                pause = 0.2
                self._consume()
            except QueueMissing:
                self._lose("a queue is missing (run `ngao provision`)")
            except CONNECTION_ERRORS as error:
                self._lose(f"the broker does not answer ({type(error).__name__})")
            if not self._stopping.is_set():
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        self._lose("stopped")
        self._publisher.close()
        self._ended.set()

    def stop(self) -> None:
        """Finish the batch in hand, acknowledge it, and give the rest back; bounded."""
        self._stopping.set()
        self._ended.wait(_STOP_WITHIN)

    def _problem(self) -> str | None:
        return f"The consumer of the {self._vhost} queues is not attached: {self._trouble}." if self._trouble else None

    def _open(self) -> None:
        self._connection = connect(self._settings, edge=self._edge, name=self._name)
        if (until := certificate_until(self._connection)) is not None:
            self._metrics.certificate("broker", until)
        for urgent in (True, False):
            mine = [each for each in self._subscriptions.values() if each.urgent is urgent]
            if mine:
                channel = self._connection.channel()
                channel.basic_qos(prefetch_size=0, prefetch_count=_PREFETCH[urgent], a_global=False)
                self._channels.append(channel)
                for subscription in mine:
                    self._subscribe(channel, subscription)
        self._trouble = None
        self._metrics.consumer_attached(self._vhost, len(self._subscriptions), len(self._subscriptions))
        self._log.info("consumer.attached", queues=len(self._subscriptions), vhost=self._vhost)

    def _subscribe(self, channel: Any, subscription: Subscription) -> None:
        def receive(message: Any) -> None:
            delivery = delivery_of(message, subscription.queue, self._settings.username)
            item = Item(delivery, subscription, channel, message.delivery_tag)
            self._pipeline.decode(item)
            self._waiting[subscription.urgent].append(item)

        channel.basic_consume(subscription.queue, callback=receive)

    def _consume(self) -> None:
        while not self._stopping.is_set():
            self._receive()
            batch = self._next_batch()
            if batch:
                self._pipeline.run(batch)
                for item in batch:
                    self._settle(item)

    def _receive(self) -> None:
        """Take in what the broker has sent; wait for it only when there is nothing else to do."""
        if self._connection is None:
            raise ConnectionError("not connected")
        self._connection.heartbeat_check()
        held = self._not_before - time.monotonic()
        wait = 0.0 if self._has_work() and held <= 0 else min(max(held, 0.0) or 0.5, 0.5)
        try:
            for _ in range(BATCH * 4):
                self._connection.drain_events(timeout=wait)
                wait = _TOGETHER_S
        except CONNECTION_ERRORS as error:
            if not is_idle(error):
                raise

    def _has_work(self) -> bool:
        return any(self._waiting.values())

    def _next_batch(self) -> list[Item]:
        """Urgent ones alone while there are any: routine ones beside them would make them wait for the longer commit.

        One message of a case at a time; a single one while probing.
        """
        if time.monotonic() < self._not_before:
            return []
        size = 1 if self._failures >= _PROBE_AFTER else BATCH
        waiting = self._waiting[True] or self._waiting[False]
        batch: list[Item] = []
        kept: list[Item] = []
        subjects: set[str] = set()
        while waiting and len(batch) < size:
            item = waiting.popleft()
            (kept if item.subject in subjects else batch).append(item)
            subjects.add(item.subject)
        waiting.extendleft(reversed(kept))
        return batch

    def _handle(self, items: list[Item]) -> None:
        """Run the handlers as nameko workers, side by side, and wait for all of them."""
        answers: queues.Queue[None] = queues.Queue()
        for item in items:
            if item.subscription.entrypoint is None:
                item.error = Rejected("delivery-limit", [], None)
                answers.put(None)
                continue
            argument = item.delivery if item.subscription.raw else item.event
            self._container.spawn_worker(
                item.subscription.entrypoint, (item.unit, argument), {},
                handle_result=functools.partial(self._answered, item, answers),
            )
        for _ in items:
            answers.get()

    @staticmethod
    def _answered(item: Item, answers: queues.Queue[None], _context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        item.error = exc_info[1] if exc_info else result
        answers.put(None)
        return None, None

    def _settle(self, item: Item) -> None:
        failure = item.failure
        if failure is None:
            item.channel.basic_ack(item.tag)
            self._failures = 0
            self._count(item, "done" if item.error is None else "parked")
            return
        self._failures += 1
        held = failure.kind is Kind.HOLD
        if held:
            self._pipeline.again(item)
            self._waiting[item.subscription.urgent].appendleft(item)
            self._failures = max(self._failures, _PROBE_AFTER)
        else:
            self._delay(item)
        if self._failures >= _PROBE_AFTER:
            self._not_before = time.monotonic() + min(0.25 * 2 ** min(self._failures - _PROBE_AFTER, 5), 5.0)
        self._count(item, "returned" if held else "retry")

    def _delay(self, item: Item) -> None:
        """Move a message to its delay tier: the copy is confirmed before the original is acknowledged."""
        tier, headers = self._pipeline.tier_of(item)
        delivery = item.delivery
        message_id = delivery.message_id or delivery.fingerprint
        copy = Outgoing(f"retry.{tier}", delivery.queue, delivery.body, delivery.content_type, message_id, headers)
        if self._publisher.publish([copy]) != [Outcome.CONFIRMED]:
            raise ConnectionError("the delay tier did not confirm")
        item.channel.basic_ack(item.tag)
        self._metrics.retried(item.event.type if item.event else delivery.queue, tier)

    def _count(self, item: Item, result: str) -> None:
        self._metrics.consumed(item.event.type if item.event else item.delivery.queue, result)

    def _lose(self, trouble: str) -> None:
        """Forget what was received: without an acknowledgement the broker gives it out again."""
        self._trouble = trouble
        self._metrics.consumer_attached(self._vhost, 0, len(self._subscriptions))
        self._log.warning("consumer.detached", vhost=self._vhost)
        for waiting in self._waiting.values():
            waiting.clear()
        self._channels.clear()
        connection, self._connection = self._connection, None
        close_quietly(connection)
