"""The loop over one virtual host's queues. It owns its connection; nothing else touches its channels.

Urgent queues are read first at every turn; messages that wait are handled together, never two of one subject concurrently.
"""

from __future__ import annotations

import functools
import queue as queues
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import eventlet
from amqp.exceptions import NotFound as QueueMissing

from ngao.chassis.messaging.authenticity import Authenticity
from ngao.chassis.messaging.broker import CONNECTION_ERRORS, NOW_S, Broker, close_quietly, connect, demand_answer
from ngao.chassis.messaging.delivery import delivery_of
from ngao.chassis.messaging.edge_names import consumed_as
from ngao.chassis.messaging.inbox import Inbox
from ngao.chassis.messaging.lane_reading import LaneReading, Reader
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.pipeline import Item, Pipeline, Rejected
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.messaging.queues import Subscription
from ngao.chassis.messaging.retry import Kind
from ngao.chassis.observability.logs import describe_error, get_logger

BATCH = 50
_PREFETCH = {True: 20, False: 50}
_PROBE_AFTER, _STOP_WITHIN = 10, 25.0
_ALONE = 500
"""So many turns with one message each follow an unexpected error: among them is the one that causes it."""
_MEASURED_S, _CLOSES_WITHIN_S = 5.0, 5.0
_LONGEST_PAUSE_S = 1.0
"""Between two tries, of the broker or of what cannot be handled: what piles up meanwhile takes as long again to be worked off."""


class Consumer:
    """The loop over one virtual host's queues: receive, choose, run the pipeline, settle."""

    def __init__(self, container: Any, subscriptions: list[Subscription], *, edge: bool, dead: bool = False) -> None:
        chassis = container.chassis
        self._container = container
        self._settings = chassis.settings.broker
        self._edge, self._dead = edge, dead
        self._vhost = f"{'edge' if edge else 'internal'}{'.dead' * dead}"
        self._name = f"{chassis.name}.consumer{'.edge' * edge}{'.dead' * dead}"
        self._subscriptions = {each.queue: each for each in subscriptions}
        self._names = chassis.edge_names() if edge else None
        ids = lambda collection: chassis.store.database[collection].distinct("_id")  # noqa: E731
        self._lanes = LaneReading(subscriptions, Reader(self._names, ids, self._subscribe) if self._names else None)
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
        self._news = News() if edge or dead else chassis.news
        self._metrics = chassis.metrics
        self._metrics.subscriptions.labels(self._vhost).set(len(self._subscriptions))
        self._attached = self._metrics.attached.labels(self._vhost)
        self._connection: Broker | None = None
        self._channels: list[Any] = []
        self._waiting: dict[bool, deque[Item]] = {True: deque(), False: deque()}
        self._failures, self._alone, self._not_before = 0, 0, 0.0
        self._busy_since: float | None = None
        self._stumbling_since: float | None = None
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._trouble: str | None = "not connected yet"
        self._log = get_logger("consumer")
        chassis.health.register(self._name, self._problem)
        chassis.gauges.every(_MEASURED_S, lambda: self._metrics.held.labels(self._vhost).set(self.held_s()))

    def run(self) -> None:
        """Consume until stopped.

        The loss of the broker is survived, and so is every error of ours: what was in hand comes again, one message at a time.
        """
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
            except Exception as error:  # noqa: BLE001  # whatever it is, other messages must not wait for it
                self._log.error("consumer.stumbled", vhost=self._vhost, **describe_error(error))
                self._alone, self._stumbling_since = _ALONE, self._stumbling_since or time.monotonic()
                self._lose(f"an unexpected error ({type(error).__name__})")
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

    def held_s(self) -> float:
        """Return for how many seconds the oldest message in hand could be neither handled nor put aside."""
        held = [each.held_since for waiting in self._waiting.values() for each in waiting]
        since = [each for each in (*held, self._busy_since, self._stumbling_since) if each is not None]
        return time.monotonic() - min(since) if since else 0.0

    def _problem(self) -> str | None:
        if self._trouble:
            return f"The consumer of the {self._vhost} queues is not attached: {self._trouble}."
        held, too_long = self.held_s(), self._settings.held_too_long_s
        return f"A message of the {self._vhost} queues is held since {held:.0f} s." if held > too_long else None

    def _open(self) -> None:
        self._connection = connect(self._settings, edge=self._edge, name=self._name)
        if (until := self._connection.certificate_until) is not None:
            self._metrics.certificates.labels("broker").set(until)
        for urgent in (True, False):
            mine = [each for each in self._subscriptions.values() if each.urgent is urgent]
            if mine:
                channel = self._connection.channel()
                self._channels.append(channel)
                for subscription in mine:
                    for name in consumed_as(subscription.queue, self._names, self._connection):
                        self._subscribe(channel, subscription, name, _PREFETCH[urgent])
        self._trouble = None
        self._news.attached()
        self._attached.set(len(self._subscriptions))
        self._log.info("consumer.attached", queues=len(self._subscriptions), vhost=self._vhost)

    def _subscribe(
        self, channel: Any, subscription: Subscription, name: str, prefetch: int, on_cancel: Callable[[str], None] | None = None
    ) -> None:
        def receive(message: Any) -> None:
            delivery = delivery_of(message, subscription.queue, self._settings.username, self._names, subscription.dead_of)
            item = Item(delivery, subscription, channel, message.delivery_tag)
            self._pipeline.decode(item)
            self._waiting[subscription.urgent].append(item)

        channel.auto_decode = False  # by whatever codec the publisher names
        channel.basic_qos(prefetch_size=0, prefetch_count=prefetch, a_global=False)  # of this consumer, not of the channel
        channel.basic_consume(name, callback=receive, on_cancel=on_cancel)

    def _consume(self) -> None:
        while not self._stopping.is_set():
            connection = self._receive()
            batch = self._next_batch()
            if batch:
                self._work(batch)
            self._lanes.look(connection)

    def _work(self, batch: list[Item]) -> None:
        """Run and settle a batch. An error of ours at a single message gives that one up; at several, they come again alone."""
        self._busy_since = time.monotonic()
        try:
            self._pipeline.run(batch)
            for item in batch:
                self._settle(item)
            self._stumbling_since = None
        except CONNECTION_ERRORS:
            raise
        except Exception as error:
            if len(batch) > 1:
                raise
            self._pipeline.give_up(batch[0], error)
            self._settle(batch[0])
        finally:
            self._busy_since = None

    def _receive(self) -> Broker:
        """Take in what the broker has sent; wait for it only when there is nothing else to do. Gives what it came by."""
        if self._connection is None:
            raise ConnectionError("not connected")
        self._connection.heartbeat_check()
        held = self._not_before - time.monotonic()
        wait = NOW_S if any(self._waiting.values()) and held <= 0 else min(max(held, 0.0) or 0.5, 0.5)
        self._connection.take_in(BATCH * 4, wait)
        if self._news.is_due() and not any(self._waiting.values()):
            demand_answer(self._channels[0])
            if not any(self._waiting.values()):
                self._news.all_handled()
        return self._connection

    def _next_batch(self) -> list[Item]:
        """Return the next messages, urgent ones alone while there are any: beside them routine ones would make the commit longer.

        One message of a subject at a time; a single one while probing.
        """
        if time.monotonic() < self._not_before:
            return []
        size = 1 if self._failures >= _PROBE_AFTER or self._alone else BATCH
        self._alone = max(0, self._alone - 1)
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
            answered = functools.partial(self._answered, item, answers)
            self._container.spawn_worker(item.subscription.entrypoint, (item.unit, argument), {}, handle_result=answered)
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
        result = "retry"
        if failure.kind is Kind.HOLD or (failure.kind is Kind.DEAD and self._dead):
            result = self._hold(item, failure.kind)
        elif failure.kind is Kind.DEAD:
            result = "dead"
            item.channel.basic_reject(item.tag, requeue=False)
        else:
            self._delay(item)
        if self._failures >= _PROBE_AFTER:
            self._not_before = time.monotonic() + min(0.25 * 2 ** min(self._failures - _PROBE_AFTER, 5), _LONGEST_PAUSE_S)
        self._count(item, result)

    def _hold(self, item: Item, kind: Kind) -> str:
        """Keep it for another try; a dead letter that cannot be parked lets the others go first."""
        item.held_since = item.held_since or time.monotonic()
        self._pipeline.again(item)
        waiting = self._waiting[item.subscription.urgent]
        (waiting.appendleft if kind is Kind.HOLD else waiting.append)(item)
        self._failures = max(self._failures, _PROBE_AFTER)
        return "returned"

    def _delay(self, item: Item) -> None:
        """Move a message to its delay tier: the copy is confirmed before the original is acknowledged."""
        delivery = item.delivery
        tier, headers = self._pipeline.tiers_s[delivery.attempts], delivery.to_try_again()
        copy = Outgoing(f"retry.{tier}", delivery.queue, delivery.body, delivery.content_type, delivery.fingerprint, headers)
        if self._publisher.publish([copy]) != [Outcome.CONFIRMED]:
            raise ConnectionError("the delay tier did not confirm")
        item.channel.basic_ack(item.tag)
        self._metrics.retried.labels(item.event.type if item.event else delivery.queue, tier).inc()

    def _count(self, item: Item, result: str) -> None:
        self._metrics.consumed.labels(item.event.type if item.event else item.delivery.queue, result).inc()

    def _lose(self, trouble: str) -> None:
        """Forget what was received: without an acknowledgement the broker gives it out again."""
        self._trouble = trouble
        self._news.lost()
        self._attached.set(0)
        error = sys.exc_info()[1]
        self._log.warning("consumer.detached", vhost=self._vhost, **(describe_error(error) if error else {}))
        for waiting in self._waiting.values():
            waiting.clear()
        self._channels.clear()
        self._lanes.forget()
        connection, self._connection = self._connection, None
        with eventlet.Timeout(_CLOSES_WITHIN_S, exception=False):  # a channel that waits for a queue's leader waits for a minute
            close_quietly(connection)
