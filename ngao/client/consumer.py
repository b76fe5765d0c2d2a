"""Consumes our own queues by urgency, with manual acknowledgement, over any number of lost connections."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pika

from ngao.client.errors import SealBroken, SignatureBroken, Unreachable
from ngao.client.link import Link, pauses, translated
from ngao.contracts import ContractError, UnknownType

PREFETCH = 20
_IDLE_S = 0.2
_ON_ITS_WAY_S, _FOLLOWED_S = 0.05, 1.0
_LONGEST_WAIT_S = 60.0
_log = logging.getLogger("ngao.client")


@dataclass(frozen=True)
class Delivery:
    """One received message. `attempts` counts its earlier deliveries."""

    tag: int
    body: bytes
    attempts: int


class Consumer:
    """Passes messages to `handle`, one at a time, those of the first queue before those of the second.

    If `handle` returns, the message is acknowledged. If it raises ContractError or SealBroken, the message is rejected to the
    platform's dead letters for an operator. After any other error it is requeued after a pause that grows with each attempt;
    the broker itself dead-letters a message after too many attempts. `idle` is called between messages.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        queues: Sequence[str],
        handle: Callable[[bytes], None],
        *,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._link = Link(parameters)
        self._queues = tuple(queues)
        self._handle = handle
        self._idle = idle
        self._waiting: dict[str, deque[Delivery]] = {}
        self._postponed: list[tuple[float, Delivery]] = []
        self._cancelled = False
        self._followed_until = 0.0

    def run(self, until: Callable[[], bool]) -> None:
        """Consume until `until()` is true, and reconnect with back-off. Raises Refused if the account is refused."""
        pause = pauses()
        try:
            while not until():
                try:
                    channel = self._subscribe()
                    pause = pauses()
                    self._work(channel, until)
                except Unreachable as error:
                    self._link.close()
                    _log.warning("%s Retrying.", error)
                    _sleep(next(pause), until)
        finally:
            self._link.close()

    def _subscribe(self) -> Any:
        channel = self._link.channel()
        self._waiting = {queue: deque() for queue in self._queues}
        self._postponed, self._cancelled = [], False
        with translated():
            channel.basic_qos(prefetch_count=PREFETCH)
            channel.add_on_cancel_callback(self._on_cancel)
            for queue in self._queues:
                channel.basic_consume(queue, self._receiver(queue))
        return channel

    def _receiver(self, queue: str) -> Callable[[Any, Any, Any, bytes], None]:
        return lambda _channel, method, properties, body: self._waiting[queue].append(_delivery(method, properties, body))

    def _on_cancel(self, _frame: Any) -> None:
        self._cancelled = True

    def _work(self, channel: Any, until: Callable[[], bool]) -> None:
        while not until():
            self._idle()
            self._give_back_due(channel)
            delivery = self._next(channel)
            if delivery:
                self._settle(channel, delivery)
            else:
                self._link.pump(_IDLE_S)
            if self._cancelled or channel.is_closed:
                raise Unreachable("The broker closed a queue or the channel for now.")

    def _next(self, channel: Any) -> Delivery | None:
        """Return the next message of the first queue with one. Before a routine one, ask the broker for urgent ones.

        A queue that has just given its next message to this consumer answers that it is empty, while the message is still on
        its way. Shortly after an urgent message, another one is therefore waited for.
        """
        self._link.pump()
        first = self._first()
        if first is None:
            return None
        more_urgent = self._queues[: self._queues.index(first)]
        asked = self._ask(channel, more_urgent)
        if asked is None:
            followed = time.monotonic() < self._followed_until
            self._link.pump(_ON_ITS_WAY_S if followed and more_urgent else 0.0)
            first = self._first() or first
        if asked is not None or first != self._queues[-1]:
            self._followed_until = time.monotonic() + _FOLLOWED_S
        return asked or self._waiting[first].popleft()

    def _first(self) -> str | None:
        return next((queue for queue in self._queues if self._waiting[queue]), None)

    def _ask(self, channel: Any, queues: Sequence[str]) -> Delivery | None:
        if len(self._postponed) >= PREFETCH:
            return None
        for queue in queues:
            with translated():
                method, properties, body = channel.basic_get(queue)
            if method is not None:
                return _delivery(method, properties, body)
        return None

    def _settle(self, channel: Any, delivery: Delivery) -> None:
        try:
            self._handle(delivery.body)
        except UnknownType:
            _log.info("An event of a type unknown to this version was skipped.")
        except (ContractError, SealBroken, SignatureBroken) as error:
            _log.error("An event was rejected: %s.", error.slug)
            with translated():
                channel.basic_reject(delivery.tag, requeue=False)
            return
        except Exception as error:  # noqa: BLE001  # any error of a partner's handler; its text may name a person
            _log.error("A handler failed (%s); the event is delivered again.", type(error).__name__)
            self._postponed.append((time.monotonic() + min(2.0**delivery.attempts, _LONGEST_WAIT_S), delivery))
            return
        with translated():
            channel.basic_ack(delivery.tag)

    def _give_back_due(self, channel: Any) -> None:
        now = time.monotonic()
        due = [delivery for when, delivery in self._postponed if when <= now]
        self._postponed = [(when, delivery) for when, delivery in self._postponed if when > now]
        for delivery in due:
            with translated():
                channel.basic_nack(delivery.tag, requeue=True)


def _delivery(method: Any, properties: Any, body: bytes) -> Delivery:
    attempts = (properties.headers or {}).get("x-delivery-count", 0)
    return Delivery(method.delivery_tag, body, attempts if isinstance(attempts, int) else 0)


def _sleep(seconds: float, until: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        time.sleep(min(_IDLE_S, seconds))
