"""Reads what the broker delivers without ever failing on it: what a publisher wrote must not end a connection.

py-amqp decodes a message's properties while it reads frames, so that one id that is not UTF-8 raises out of
`drain_events`, again at each delivery (py-amqp issues 308 and 323, celery issue 2873). It also decodes bodies by
whatever codec a message names. Here every property is read, a text that is no UTF-8 with its bytes escaped, and the
message is marked `unreadable`; bodies stay bytes, and of one that is far too large only the beginning is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from struct import error as struct_error
from struct import pack, unpack_from
from typing import Any

from amqp import method_framing, spec
from amqp.basic_message import Message

MOST_BYTES = 2 * 1024 * 1024
"""More of a body is never held in memory; what is larger than this is parked, and its beginning is enough for that."""

_DEEPEST = 16
_PROPERTIES = (
    ("content_type", "s"), ("content_encoding", "s"), ("application_headers", "F"), ("delivery_mode", "B"), ("priority", "B"),
    ("correlation_id", "s"), ("reply_to", "s"), ("expiration", "s"), ("message_id", "s"), ("timestamp", "L"), ("type", "s"),
    ("user_id", "s"), ("app_id", "s"), ("cluster_id", "s"),
)  # fmt: skip
_NUMBERS = {
    "b": "b", "B": "B", "U": "h", "s": "h", "u": "H", "I": "i", "i": "I", "L": "q", "l": "q", "f": "f", "d": "d", "T": "Q",
}  # fmt: skip


class _Reader:
    """Goes through one buffer; `broken` says that something in it was no text, no known type, too deep or cut off."""

    def __init__(self, buffer: bytes, offset: int = 0) -> None:
        self.buffer, self.at, self.broken = bytes(buffer), offset, False

    def number(self, code: str) -> Any:
        value = unpack_from(f">{code}", self.buffer, self.at)[0]
        self.at += {"b": 1, "h": 2, "i": 4, "f": 4, "q": 8, "d": 8}[code.lower()]
        return value

    def bytes(self, size: int) -> bytes:
        found = self.buffer[self.at : self.at + size]
        if len(found) < size:
            raise struct_error("cut off")
        self.at += size
        return found

    def text(self, size: int) -> str:
        found = self.bytes(size)
        try:
            return found.decode("utf-8")
        except UnicodeDecodeError:
            self.broken = True
            return found.decode("utf-8", "backslashreplace")

    def short_text(self) -> str:
        return self.text(self.number("B"))

    def table(self, depth: int = 0) -> dict[str, Any]:
        end = self.number("I") + self.at
        found: dict[str, Any] = {}
        while self.at < end:
            name = self.short_text()
            found[name] = self.value(depth, end)
        self.at = end
        return found

    def array(self, depth: int) -> list[Any]:
        end = self.number("I") + self.at
        found = []
        while self.at < end:
            found.append(self.value(depth, end))
        self.at = end
        return found

    def value(self, depth: int, end: int) -> Any:
        """Read one value of a table or an array that ends at `end`; what cannot be known is skipped up to there."""
        kind = chr(self.number("B"))
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind in {"F", "A"} and depth < _DEEPEST:
            return self.table(depth + 1) if kind == "F" else self.array(depth + 1)
        if kind in _SIMPLE:
            return _SIMPLE[kind](self)
        self.broken = True
        self.at = min(self.number("I") + self.at, end) if kind in {"F", "A"} else end
        return None


_SIMPLE: dict[str, Callable[[_Reader], Any]] = {
    "t": lambda reader: reader.number("B") != 0,
    "S": lambda reader: reader.text(reader.number("I")),
    "x": lambda reader: reader.bytes(reader.number("I")),
    "V": lambda _: None,
    "D": lambda reader: (reader.number("B"), reader.number("i")),
}


def properties_of(buffer: bytes, offset: int = 0) -> tuple[dict[str, Any], bool]:
    """Return the properties in a content header, and whether all of them could be read."""
    reader, found = _Reader(buffer, offset), dict[str, Any]()
    try:
        flags = reader.number("H")
        for place, (name, kind) in enumerate(_PROPERTIES):
            if flags & 1 << 15 - place:
                found[name] = _property(reader, kind)
        return found, not (reader.broken or flags & 0b11)
    except (struct_error, IndexError):
        return found, False


def _property(reader: _Reader, kind: str) -> Any:
    if kind == "s":
        return reader.short_text()
    if kind == "F":
        return reader.table()
    return reader.number("Q" if kind == "L" else kind)


class Received(Message):
    """A message as it came. `body` is bytes; `body_size` counts all of it, `digest` is the SHA-256 of what was not kept."""

    def __init__(self, **more: Any) -> None:
        super().__init__(body=b"", **more)
        self.unreadable = False
        self.digest: bytes | None = None
        self._hash: Any = None

    def inbound_header(self, buf: bytes, offset: int = 0) -> int:
        """Take the content header."""
        self.body_size = unpack_from(">Q", buf, offset + 4)[0]
        self.properties, readable = properties_of(buf, offset + 12)
        self.unreadable = not readable
        self.ready = not self.body_size
        if self.body_size > MOST_BYTES:
            self._hash = hashlib.sha256()
        return len(buf)

    def inbound_body(self, buf: bytes) -> None:
        """Take a piece of the body."""
        if self._hash is not None:
            self._hash.update(buf)
        if self.body_received < MOST_BYTES:
            self._pending_chunks.append(bytes(buf))
        self.body_received += len(buf)
        if self.body_received >= self.body_size:
            self.body = b"".join(self._pending_chunks)
            self._pending_chunks.clear()
            self.digest = self._hash.digest() if self._hash is not None else None
            self.ready = True


method_framing.Message = Received
"""Of what py-amqp's handler of frames makes each message: it takes no other class."""


def frame_handler(connection: Any, callback: Callable[..., Any]) -> Callable[[Any], bool]:
    """Return py-amqp's handler; a frame that does not belong here is still a fault of the connection."""

    def on_method(channel: int, signature: tuple[int, int], arguments: bytes, message: Received | None) -> None:
        callback(channel, signature, arguments if message is None else _decodable(message), message)

    handler: Callable[[Any], bool] = method_framing.frame_handler(connection, on_method)
    return handler


def _decodable(message: Received) -> bytes:
    """Return the arguments of a method with content, so that py-amqp can decode them: a key may be bytes that are no text."""
    if message.frame_method != spec.Basic.Deliver:
        return bytes(message.frame_args)
    reader = _Reader(message.frame_args, 4)
    consumer, tag, again = reader.short_text(), reader.number("Q"), reader.number("B")
    exchange, key = reader.short_text(), reader.short_text()
    if not reader.broken:
        return bytes(message.frame_args)
    message.unreadable = True
    return b"".join((message.frame_args[:4], _short(consumer), pack(">QB", tag, again), _short(exchange), _short(key)))


def _short(text: str) -> bytes:
    content = text.encode()[:255].decode("utf-8", "ignore").encode()
    return bytes((len(content),)) + content
