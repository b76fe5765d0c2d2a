"""Publish a batch and wait until the broker has every message on disk, or says which it could not route.

`mandatory` makes the broker return what no queue is bound for (without it such a message is confirmed and gone);
confirms come after the quorum queue has written. One round trip for a whole window, not one a message.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from amqp import Message
from amqp.exceptions import PreconditionFailed
from kombu.connection import Connection

from ngao.chassis.messaging.broker import CONNECTION_ERRORS, close_quietly, connect, is_idle
from ngao.chassis.settings import BrokerSettings

WINDOW = 100
_CONFIRMED_WITHIN_S = 5.0


class Outcome(StrEnum):
    """The outcome of one message. `UNKNOWN` may have arrived: it is sent again with the same id.

    `UNANSWERED` and `FAILED` were not sent: whether they may be could not be asked, or they cannot be published as they are.
    """

    CONFIRMED = "confirmed"
    UNROUTABLE = "unroutable"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNANSWERED = "unanswered"
    FAILED = "failed"


OF_RECIPIENTS = frozenset({Outcome.UNROUTABLE, Outcome.REFUSED})
"""At an outsider's queue these are the outsider's fault: it has no queue, or one that takes nothing because it is full."""


@dataclass(frozen=True)
class Outgoing:
    """One message to publish."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    message_id: str
    headers: Mapping[str, Any]


class Publisher:
    """A connection in confirm mode to one virtual host, opened when first needed and after each failure."""

    def __init__(self, settings: BrokerSettings, *, edge: bool, name: str) -> None:
        self._settings = settings
        self._edge = edge
        self._name = name
        self._connection: Connection | None = None
        self._channel: Any = None
        self._open: dict[int, int] = {}
        self._outcomes: list[Outcome] = []
        self._positions: dict[tuple[str, str], int] = {}

    def publish(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Publish up to WINDOW messages; the outcome of each, in order. Never raises for a broken connection.

        Raises PreconditionFailed if the broker closes the channel over one of them, as over a body that is too large for it: sent
        together they would be refused together, again and again.
        """
        self.begin(batch)
        return self.outcomes()

    def begin(self, batch: Sequence[Outgoing]) -> None:
        """Write up to WINDOW messages to the broker, and wait for nothing; `outcomes` has to follow."""
        self._outcomes = [Outcome.UNKNOWN] * len(batch)
        self._positions = {(message.exchange, message.message_id): at for at, message in enumerate(batch)}
        with self._survived():
            self._send(batch)

    def outcomes(self) -> list[Outcome]:
        """Wait for the outcome of each message that was begun, in order. Raises what `publish` raises."""
        with self._survived():
            self._await_confirms()
        return self._outcomes

    @contextmanager
    def _survived(self) -> Iterator[None]:
        """Close a connection that breaks; what was not confirmed stays unknown."""
        try:
            yield
        except PreconditionFailed:
            self.close()
            raise
        except CONNECTION_ERRORS:
            self.close()

    def idle(self) -> None:
        """Answer heartbeats while there is nothing to publish."""
        if self._connection is None:
            return
        try:
            self._connection.heartbeat_check()
            self._connection.drain_events(timeout=0.001)
        except CONNECTION_ERRORS as error:
            if not is_idle(error):
                self.close()

    def close(self) -> None:
        """Let go of the connection; what was not confirmed stays unknown."""
        connection, self._connection, self._channel = self._connection, None, None
        self._open.clear()
        close_quietly(connection)

    def _send(self, batch: Sequence[Outgoing]) -> None:
        channel = self._ensure_channel()
        self._open.clear()
        for at, outgoing in enumerate(batch):
            self._tag += 1
            self._open[self._tag] = at
            # Not kombu's producer: it would wait for each confirm.
            channel._basic_publish(  # noqa: SLF001  # the unconfirmed variant has no public name
                self._message(outgoing), outgoing.exchange, outgoing.routing_key, mandatory=True
            )

    def _ensure_channel(self) -> Any:
        if self._connection is None or not self._connection.connected:
            self._connection = connect(self._settings, edge=self._edge, name=self._name)
            self._channel = self._connection.channel()
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(partial(self._settle, Outcome.CONFIRMED))
            self._channel.events["basic_nack"].add(partial(self._settle, Outcome.REFUSED))
            self._channel.events["basic_return"].add(self._on_return)
            self._tag = 0
        return self._channel

    def _await_confirms(self) -> None:
        deadline = time.monotonic() + _CONFIRMED_WITHIN_S
        while self._open:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no confirm in time")
            if self._connection is None:
                raise ConnectionError("closed while waiting for confirms")
            self._connection.drain_events(timeout=left)

    def _settle(self, outcome: Outcome, tag: int, multiple: bool) -> None:  # noqa: FBT001  # the broker's own flag
        tags = [each for each in self._open if each <= tag] if multiple else [tag]
        for each in tags:
            at = self._open.pop(each, None)
            if at is not None and self._outcomes[at] is Outcome.UNKNOWN:
                self._outcomes[at] = outcome

    def _on_return(self, _error: Exception, exchange: str, _routing_key: str, message: Any) -> None:
        """Set the outcome of a returned message first, because its confirm follows right after and must not hide it.

        One event can go to two exchanges in one batch, under one id.
        """
        at = self._positions.get((exchange, message.properties.get("message_id")))
        if at is not None:
            self._outcomes[at] = Outcome.UNROUTABLE

    def _message(self, outgoing: Outgoing) -> Message:
        """Return the message. With `user_id` the broker vouches for the account: it refuses any other than the connection's."""
        return Message(
            outgoing.body,
            content_type=outgoing.content_type,
            content_encoding="utf-8",
            delivery_mode=2,
            message_id=outgoing.message_id,
            user_id=self._settings.username,
            application_headers=dict(outgoing.headers),
        )
