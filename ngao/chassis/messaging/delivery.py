"""One message as it came from the broker: bytes and what the broker vouches for. Never logged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ATTEMPTS = "x-ngao-attempts"
ORIGINAL_KEY = "x-ngao-routing-key"
ORIGINAL_USER = "x-ngao-user-id"
PARKED_ID = "x-ngao-parked-id"

_DEAD = "dead"


@dataclass(frozen=True)
class Delivery:
    """What a handler of an edge queue gets.

    `user_id` is the account the broker checked the publisher to be, or None if the publisher did not name it. After a
    retry or a replay both it and `routing_key` are those of the first delivery.
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

    @property
    def fingerprint(self) -> str:
        """An identity for parking: the same message parked twice stands there once."""
        own = self.message_id.encode() if self.message_id else self.body
        return hashlib.sha256(self.queue.encode() + b"\0" + own).hexdigest()[:32]

    def carry(self) -> dict[str, Any]:
        """The headers that let a retried or replayed copy be taken for the original."""
        headers: dict[str, Any] = {ORIGINAL_KEY: self.routing_key}
        if self.user_id:
            headers[ORIGINAL_USER] = self.user_id
        if self.parked_id:
            headers[PARKED_ID] = self.parked_id
        return headers


def delivery_of(message: Any, queue: str, own_account: str) -> Delivery:
    """Read a py-amqp message.

    Our own headers are believed only on a copy for which the broker vouches that this service itself published it: how a
    message came here proves nothing (see `authenticity`). Of a dead letter, the broker's first `x-death` entry names the
    queue it died in and the key it had there; only its queue is acted upon, and that by an operator.
    """
    properties, info = message.properties, message.delivery_info
    headers: Mapping[str, Any] = properties.get("application_headers") or {}
    death = _last_death(headers) if info.get("exchange") == _DEAD else {}
    sender = _text(properties.get("user_id"))
    ours = headers if sender == own_account and ORIGINAL_KEY in headers else {}
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    return Delivery(
        queue=queue,
        routing_key=_text(ours.get(ORIGINAL_KEY)) or _died_with(death) or info.get("routing_key", ""),
        body=body,
        content_type=(properties.get("content_type") or "").split(";")[0].strip().lower(),
        user_id=_text(ours.get(ORIGINAL_USER)) if ours else sender,
        message_id=properties.get("message_id"),
        attempts=_count(ours.get(ATTEMPTS)),
        parked_id=_text(ours.get(PARKED_ID)),
        dead_from=_text(death.get("queue")),
    )


def _last_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    deaths = headers.get("x-death")
    return deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}


def _died_with(death: Mapping[str, Any]) -> str | None:
    keys = death.get("routing-keys")
    return _text(keys[0]) if isinstance(keys, list) and keys else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
