"""A publisher that writes AMQP's frames byte by byte, so that a test can get every one of them wrong."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pika

METHOD, HEADER, BODY = 1, 2, 3
_PIECE = 100_000
_PUBLISH = struct.pack(">HHH", 60, 40, 0)


def short(content: bytes) -> bytes:
    return bytes((len(content[:255]),)) + content[:255]


def long(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def text(name: bytes, value: bytes) -> bytes:
    """An entry of a table."""
    return short(name) + b"S" + long(value)


def frame(kind: int, channel: int, payload: bytes, end: bytes = b"\xce") -> bytes:
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + end


@dataclass
class Raw:
    """One message as frames are made of it; a mutation changes any part. `properties` begins with its flags."""

    routing_key: bytes
    properties: bytes
    body: bytes
    exchange: bytes = b"reports"
    size: int | None = None
    channel: int = 1
    kinds: tuple[int, int, int] = (METHOD, HEADER, BODY)
    end: bytes = b"\xce"
    piece: int = _PIECE

    def frames(self) -> bytes:
        size = len(self.body) if self.size is None else self.size
        method = _PUBLISH + short(self.exchange) + short(self.routing_key) + b"\x01"
        header = struct.pack(">HHQ", 60, 0, size) + self.properties
        pieces = [self.body[at : at + self.piece] for at in range(0, len(self.body), self.piece)]
        parts = [frame(self.kinds[0], self.channel, method), frame(self.kinds[1], self.channel, header, self.end)]
        return b"".join(parts + [frame(self.kinds[2], self.channel, each) for each in pieces])


class Wire:
    """One account's connection, opened again whenever the broker has closed it."""

    def __init__(self, address: tuple[str, int], account: str, password: str, vhost: str) -> None:
        self._address, self._vhost = address, vhost
        self._login = b"\0" + account.encode() + b"\0" + password.encode()
        self._socket: socket.socket | None = None

    def publish(self, raw: Raw) -> bool:
        """Send it; True when the broker has confirmed it, False when it returned it or closed channel or connection."""
        if self._socket is None:
            self._open()
        try:
            self._send(raw.frames())
            return self._until({(60, 80): True, (60, 120): False, (20, 40): False, (10, 50): False})
        except OSError:
            self.close()
            return False

    def close(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, 5)
        self._socket.settimeout(3.0)
        self._send(b"AMQP\x00\x00\x09\x01")
        self._until({(10, 10): True})
        start = pika.spec.Connection.StartOk({}, "PLAIN", self._login.decode(), "en_US")
        self._method(0, start, (10, 30))
        self._method(0, pika.spec.Connection.TuneOk(10, 131072, 0), None)
        self._method(0, pika.spec.Connection.Open(self._vhost), (10, 41))
        self._method(1, pika.spec.Channel.Open(), (20, 11))
        self._method(1, pika.spec.Confirm.Select(), (85, 11))
        self._socket.settimeout(0.3)  # a frame that is never finished is never answered

    def _method(self, channel: int, method: pika.amqp_object.Method, answer: tuple[int, int] | None) -> None:
        self._send(pika.frame.Method(channel, method).marshal())
        if answer:
            self._until({answer: True})

    def _until(self, answers: dict[tuple[int, int], bool]) -> bool:
        """Read methods until one of these comes; a closed channel or connection is given up."""
        while True:
            kind, payload = self._frame()
            signature = struct.unpack_from(">HH", payload) if kind == METHOD else None
            if signature in answers:
                if not answers[signature] and signature != (60, 120):
                    self.close()
                return answers[signature]

    def _frame(self) -> tuple[int, bytes]:
        kind, _, size = struct.unpack(">BHI", self._exactly(7))
        return kind, self._exactly(size + 1)[:-1]

    def _exactly(self, size: int) -> bytes:
        assert self._socket is not None
        found = b""
        while len(found) < size:
            piece = self._socket.recv(size - len(found))
            if not piece:
                raise ConnectionError("the broker has closed the connection")
            found += piece
        return found

    def _send(self, content: bytes) -> None:
        assert self._socket is not None
        self._socket.sendall(content)


class Mutations:
    """Messages of one account, each wrong in another way; the same seed gives the same ones."""

    def __init__(
        self, seed: int, account: str, routing_key: str, body: Callable[[], bytes], *, exchange: str = "reports",
        content_type: str = "application/json",
    ) -> None:  # fmt: skip
        self._lot = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self._account, self._key, self._body = account.encode(), routing_key.encode(), body
        self._exchange, self._type = exchange.encode(), content_type.encode()

    def next(self) -> tuple[str, Raw]:
        """What is wrong with it, and the message."""
        kinds = (
            self._texts, self._headers, self._forged, self._flags, self._flipped, self._bodies, self._encodings, self._frames,
        )  # fmt: skip
        chosen = self._lot.choice(kinds)
        return chosen.__name__.strip("_"), chosen()

    def sound(self, **properties: bytes) -> Raw:
        """One that is as it should be, with these properties (in AMQP's form)."""
        usual = {"content_type": short(self._type), "delivery_mode": b"\x02", "user_id": short(self._account)}
        made = {**usual, **properties}
        return Raw(self._key, self._written(made), self._body(), self._exchange)

    @staticmethod
    def _written(made: dict[str, bytes]) -> bytes:
        flags, content = 0, b""
        for place, name in enumerate(_NAMES):
            if name in made:
                flags |= 1 << 15 - place
                content += made[name]
        return struct.pack(">H", flags) + content

    def _noise(self, most: int = 255) -> bytes:
        size = self._lot.choice((0, 1, 7, self._lot.randrange(most + 1)))
        return bytes(self._lot.choice((b"\xff\xfe\xff", b"\xed\xa0\x80", b"\0", self._lot.randbytes(size)))[:most])

    def _texts(self) -> Raw:
        names = self._lot.sample([name for name in _TEXTS if name != "user_id"], self._lot.randrange(1, 5))
        return self.sound(**{name: short(self._noise()) for name in names})

    def _headers(self) -> Raw:
        table = b"".join(short(self._noise(40)) + self._value(0) for _ in range(self._lot.choice((1, 3, 200))))
        return self.sound(application_headers=long(table[:120_000]))

    def _value(self, depth: int) -> bytes:
        lot = self._lot
        simple = (
            lambda: b"S" + long(self._noise()), lambda: b"x" + long(self._noise()),
            lambda: b"T" + lot.choice((b"\xff", b"\x7f")) * 8,
            lambda: b"D" + lot.randbytes(5), lambda: b"t" + lot.randbytes(1), lambda: b"V", lambda: b"d" + lot.randbytes(8),
            lambda: b"f" + lot.randbytes(4), lambda: b"l" + lot.randbytes(8), lambda: b"I" + lot.randbytes(4),
            lambda: b"s" + lot.randbytes(2), lambda: b"b" + lot.randbytes(1), lambda: b"B" + lot.randbytes(1), self._deep,
        )  # fmt: skip
        if depth < 4 and lot.random() < 0.2:
            inner = b"".join(self._value(depth + 1) for _ in range(3))
            return b"A" + long(inner)
        return lot.choice(simple)()

    def _deep(self) -> bytes:
        value = b"V"
        for _ in range(self._lot.choice((20, 300, 2_000))):
            value = b"F" + long(short(b"a") + value)
        return value

    def _forged(self) -> Raw:
        death = text(b"queue", b"intake.reports") + text(b"reason", b"delivery_limit") + text(b"exchange", self._noise(20))
        deaths = short(b"x-death") + b"A" + long(self._lot.choice((b"F" + long(death), b"V", self._value(1))))
        ours = text(b"x-ngao-user-id", b"source-other") + text(b"x-ngao-parked-id", self._noise(60))
        ours += text(b"x-ngao-routing-key", b"other")
        keys = short(self._lot.choice((b"CC", b"BCC"))) + b"A" + long(b"S" + long(self._lot.choice((b"other", self._noise()))))
        chosen = self._lot.sample((deaths, ours, keys), self._lot.randrange(1, 4))
        return self.sound(application_headers=long(b"".join(chosen)))

    def _flags(self) -> Raw:
        return Raw(self._key, self._lot.randbytes(self._lot.randrange(2, 200)), self._body(), self._exchange)

    def _flipped(self) -> Raw:
        made = self.sound(message_id=short(b"message"), application_headers=long(short(b"a") + b"S" + long(b"text")))
        content = bytearray(made.properties)
        for _ in range(self._lot.randrange(1, 9)):
            content[self._lot.randrange(len(content))] = self._lot.randrange(256)
        made.properties = bytes(content)
        return made

    def _bodies(self) -> Raw:
        made = self.sound()
        whole = bytearray(made.body)
        for _ in range(self._lot.randrange(1, 9)):
            whole[self._lot.randrange(len(whole))] = self._lot.randrange(256)
        big = b" " * self._lot.choice((1_100_000, 1_900_000)) if self._lot.random() < 0.03 else None
        made.body = self._lot.choice((bytes(whole), b"", self._lot.randbytes(2_000), b"[" * 5_000)) if big is None else big
        return made

    def _encodings(self) -> Raw:
        names = (
            b"idna", b"utf-7", b"utf-16", b"unicode_escape", b"punycode", b"zlib", b"rot13", b"cp037", b"undefined",
            self._noise(),
        )  # fmt: skip
        made = self.sound(content_encoding=short(self._lot.choice(names)))
        made.body = self._lot.choice((made.body, b"\\ud800\\udfff\\N{x}", b"xn--" * 50, self._lot.randbytes(300)))
        return made

    def _frames(self) -> Raw:
        made = self.sound()
        wrong = self._lot.randrange(7)
        if wrong == 0:
            made.size = len(made.body) + self._lot.choice((-3, 5, 2**40, 2**63))
        elif wrong == 1:
            made.channel = self._lot.choice((0, 2, 65535))
        elif wrong == 2:
            kinds = (METHOD, BODY, BODY), (METHOD, HEADER, 9), (HEADER, METHOD, BODY), (METHOD, METHOD, BODY)
            made.kinds = self._lot.choice(kinds)
        elif wrong == 3:
            made.end = b"\x00"
        elif wrong == 4:
            made.piece = self._lot.choice((1, 7))
        elif wrong == 5:
            made.exchange = self._lot.choice((b"", b"redeliver", b"dead", b"events", self._noise()))
        else:
            made.routing_key = self._lot.choice((b"other", b"", self._noise()))
        return made


_NAMES = (
    "content_type", "content_encoding", "application_headers", "delivery_mode", "priority", "correlation_id", "reply_to",
    "expiration", "message_id", "timestamp", "type", "user_id", "app_id", "cluster_id",
)  # fmt: skip
_TEXTS = tuple(name for name in _NAMES if name not in {"application_headers", "delivery_mode", "priority", "timestamp"})
