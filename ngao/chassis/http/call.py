"""The request that a handler gets, and the answers that it returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import eventlet
from eventlet.semaphore import Semaphore
from marshmallow import Schema, ValidationError

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security.identity import Principal
from ngao.contracts import MOST_VALUES, Undecodable, field_errors, instance_of, parse_json

_BYTES_OF_A_TOKEN = 64 * 1024
_SECONDS_OF_A_TOKEN = 0.01
_LARGE_BYTES = 16 * 1024
_LONG_S = 0.02
_ONE_OF_THE_LARGE = Semaphore()


@dataclass
class Meter:
    """The cost of one request to the process, in tokens of its caller: one for 64 KiB, one for ten milliseconds of parsing.

    Only work that blocks other requests is measured. Waiting for the store does not block them, and what the machine does
    meanwhile for others is not the caller's: seconds are of processor time.
    """

    bytes: int = 0
    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure a piece of work that does not wait for anything. After it, all other requests have a turn.

        Pieces of large bodies run one after another. After a long piece, others have as much time as it took.
        """
        with _ONE_OF_THE_LARGE if self.bytes > _LARGE_BYTES else nullcontext():
            began = time.thread_time()
            try:
                yield
            finally:
                took = time.thread_time() - began
                self.seconds += took
                eventlet.sleep(took if took > _LONG_S else 0)

    @property
    def beyond_one(self) -> float:
        """The tokens beyond the one that every request has paid."""
        return max(0.0, self.bytes / _BYTES_OF_A_TOKEN + self.seconds / _SECONDS_OF_A_TOKEN - 1.0)


@dataclass(frozen=True)
class Call:
    """One authenticated request. `trace` is a W3C traceparent, ready for events."""

    principal: Principal
    body: bytes
    content_type: str
    query: Mapping[str, str]
    trace: str
    idempotency_key: str | None = None
    schema: type[Schema] | None = None
    meter: Meter = field(default_factory=Meter, repr=False)
    draw_ahead: Callable[[float], None] = field(default=lambda _tokens: None, repr=False)
    """Pays for more than one ordinary request before the work is done; raises TooManyRequests."""

    def json(self, most_values: int = MOST_VALUES) -> Any:
        """Parse the body strictly. Raises InvalidInput (400, `malformed-json`) with the position, never the content."""
        try:
            with self.meter.running():
                return parse_json(self.body, most_values)
        except Undecodable as error:
            raise InvalidInput(f"The body is invalid: {error}.", slug="malformed-json", status=400) from None

    def load(self, schema: type[Schema] | Schema | None = None) -> Any:
        """Load the body by a schema, by default the operation's. Raises InvalidInput, which names every invalid field."""
        chosen = schema or self.schema
        if chosen is None:
            raise TypeError("load() needs a schema, here or as request= of the operation")
        document = self.json()
        try:
            with self.meter.running():
                return (instance_of(chosen) if isinstance(chosen, type) else chosen).load(document)
        except ValidationError as error:
            raise InvalidInput("The body is invalid: `errors` names every field.", field_errors(error.messages)) from None


@dataclass(frozen=True)
class Response:
    """A response: a payload of plain JSON values (datetimes become RFC 3339 text), bytes, or None for no body."""

    status: int
    payload: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
