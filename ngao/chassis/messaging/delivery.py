"""One message as it came from the broker: bytes and what the broker vouches for. Never logged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.wire import Received
from ngao.chassis.observability.logs import describe_error, get_logger

ATTEMPTS = "x-ngao-attempts"
ORIGINAL_KEY = "x-ngao-routing-key"
ORIGINAL_USER = "x-ngao-user-id"
ORIGINAL_ID = "x-ngao-message-id"
PARKED_ID = "x-ngao-parked-id"

_DEAD = "dead"
_MOST_ATTEMPTS = 1_000


@dataclass(frozen=True)
class Delivery:
    """What a handler of an edge queue gets.

    `user_id` is the account the broker checked the publisher to be, or None if the publisher did not name it. After a
    retry or a replay both it and `routing_key` are those of the first delivery. `unreadable` says that properties or headers
    were not what AMQP promises. With `whole_size` and `whole_digest`, `body` is only the beginning of one too large to be kept.
    """

    queue: str
    routing_key: str
    body: bytes = field(repr=False)
    content_type: str
    user_id: str | None
    message_id: str | None
    attempts: int = 0
    parked_id: str | None = None
    dead_from: str | None = None
    unreadable: bool = False
    whole_size: int | None = None
    whole_digest: bytes | None = None
    redelivered: bool = False

    @property
    def is_repeated(self) -> bool:
        """Return True if the service may have handled it before: the broker gives it again, or it is a retry or a replay."""
        return bool(self.redelivered or self.attempts or self.parked_id or self.dead_from)

    @property
    def size(self) -> int:
        """Of the whole body as it was sent, in bytes."""
        return len(self.body) if self.whole_size is None else self.whole_size

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the whole body."""
        return self.whole_digest or hashlib.sha256(self.body).digest()

    @property
    def identity(self) -> str:
        """All that makes it the same message of the same account in the same queue; a `message_id` is not unique to either."""
        queue = self.dead_from or self.queue
        return "\0".join((queue, self.user_id or "", self.routing_key, self.content_type, self.digest.hex()))

    @cached_property
    def fingerprint(self) -> str:
        """A short form of the identity, for use within one process."""
        return hashlib.sha256(self.identity.encode()).hexdigest()[:32]

    def carry(self) -> dict[str, Any]:
        """Return the headers by which a retried or replayed copy counts as the original."""
        headers: dict[str, Any] = {ORIGINAL_KEY: self.routing_key}
        if self.user_id:
            headers[ORIGINAL_USER] = self.user_id
        if self.parked_id:
            headers[PARKED_ID] = self.parked_id
        return headers

    def to_try_again(self) -> dict[str, Any]:
        """Return the headers of the copy that waits for the next try; by the `message_id` an outsider knows its message."""
        headers = {**self.carry(), ATTEMPTS: self.attempts + 1}
        return {**headers, ORIGINAL_ID: self.message_id} if self.message_id else headers


def delivery_of(
    message: Received, queue: str, own_account: str, names: EdgeNames | None = None, shared: Sequence[str] = ()
) -> Delivery:
    """Read a message as it was received; one at which this fails is unreadable, so that no queue waits behind it.

    `names` are those of the virtual host, where its queues have other names than we know them by; `shared`, the queues that
    have lanes there.
    """
    try:
        return _read(message, queue, own_account, names, shared)
    except Exception as error:  # noqa: BLE001  # a fault of ours at one message is not the others' fault
        get_logger("consumer").error("message.not_read", queue=queue, **describe_error(error))
        return Delivery(queue, "", message.body, "", None, None, unreadable=True)


def _read(message: Received, queue: str, own_account: str, names: EdgeNames | None, shared: Sequence[str]) -> Delivery:
    """Return the delivery of a message.

    Our own headers are believed only on a copy for which the broker vouches that this service itself published it: how a
    message came here proves nothing (see `authenticity`). Of a dead letter, the broker's first `x-death` entry names the
    queue it died in and the key it had there; only its queue is acted upon, and that by an operator.
    """
    properties, info = message.properties, message.delivery_info
    headers: Mapping[str, Any] = properties.get("application_headers") or {}
    death = _last_death(headers) if info.get("exchange") == _DEAD else {}
    died_in = _text(death.get("queue"))
    sender = _text(properties.get("user_id"))
    ours = headers if sender == own_account and ORIGINAL_KEY in headers else {}
    return Delivery(
        queue=queue,
        routing_key=_text(ours.get(ORIGINAL_KEY)) or _died_with(death) or info.get("routing_key", ""),
        body=message.body,
        content_type=_media_type(properties.get("content_type")),
        user_id=_text(ours.get(ORIGINAL_USER)) if ours else sender,
        message_id=_text(ours.get(ORIGINAL_ID)) or _text(properties.get("message_id")),
        attempts=_count(ours.get(ATTEMPTS)),
        parked_id=_text(ours.get(PARKED_ID)),
        dead_from=names.queue_of(died_in, shared) if names and died_in else died_in,
        unreadable=message.unreadable,
        whole_size=message.body_size if message.digest else None,
        whole_digest=message.digest,
        redelivered=bool(info.get("redelivered")),
    )


def _last_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    deaths = headers.get("x-death")
    return deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}


def _died_with(death: Mapping[str, Any]) -> str | None:
    keys = death.get("routing-keys")
    return _text(keys[0]) if isinstance(keys, list) and keys else None


def _media_type(value: Any) -> str:
    """Return it in lower case and without parameters; empty outside ASCII, because lower case may be longer than a property."""
    return value.split(";")[0].strip().lower() if isinstance(value, str) and value.isascii() else ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value < _MOST_ATTEMPTS else 0
