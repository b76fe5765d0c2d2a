"""The records of a service's backup: its origin, each collection with its documents, and the counts and hashes.

    kind (one byte) | length (four bytes, big-endian) | content

Kinds: `B` the origin (JSON), `C` a collection with its options and indexes (extended JSON), `D` a document (BSON, as it
was stored), `E` the count and the hash of each collection (JSON).
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import json_util

from ngao.chassis.errors import Misconfigured

BEGIN, COLLECTION, DOCUMENT, END = b"B", b"C", b"D", b"E"
_FRAME = struct.Struct(">cI")
_LONGEST = 17 * 1024 * 1024  # MongoDB's longest document, and a little
_TOGETHER = 256 * 1024


@dataclass
class Tally:
    """The number of documents of each collection, and the hash of them in the order in which they were read."""

    counts: dict[str, int] = field(default_factory=dict)
    _hashes: dict[str, Any] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Begin a collection, which may have no documents."""
        self.counts[name] = 0
        self._hashes[name] = hashlib.sha256()

    def add(self, name: str, document: bytes) -> None:
        """Count one document of a collection."""
        self.counts[name] += 1
        self._hashes[name].update(document)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and hashes for the last record."""
        return {name: {"count": count, "sha256": self._hashes[name].hexdigest()} for name, count in self.counts.items()}


@dataclass(frozen=True)
class Collection:
    """A collection with its options and indexes, as MongoDB describes them."""

    name: str
    options: Mapping[str, Any]
    indexes: tuple[Mapping[str, Any], ...]


def written(tally: Tally, about: Mapping[str, Any], collections: Iterable[tuple[Collection, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the whole stream, piece by piece, and count it into the tally."""
    yield _framed(BEGIN, json.dumps(about).encode())
    for collection, documents in collections:
        tally.begin(collection.name)
        description = {"name": collection.name, "options": collection.options, "indexes": list(collection.indexes)}
        yield _framed(COLLECTION, json_util.dumps(description, json_options=json_util.CANONICAL_JSON_OPTIONS).encode())
        yield from _together(_counted(tally, collection.name, documents))
    yield _framed(END, json.dumps(tally.as_dict()).encode())


@dataclass
class Reading:
    """Reads the stream, and verifies at its end that it is complete. `name` is the file's name for errors."""

    name: str
    about: dict[str, Any] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def records(self, content: Iterable[bytes]) -> Iterator[Collection | bytes]:
        """Yield each collection, followed by its documents. Raises Misconfigured if the counts or hashes differ."""
        current, end = None, None
        for kind, body in _frames(content, self.name):
            if end is not None:
                raise _broken(self.name)
            if kind == BEGIN:
                self.about = json.loads(body)
            elif kind == COLLECTION:
                current = _collection(body)
                self.tally.begin(current.name)
                yield current
            elif kind == DOCUMENT and current is not None:
                self.tally.add(current.name, body)
                yield body
            elif kind == END:
                end = json.loads(body)
        if end != self.tally.as_dict() or not self.about:
            raise _broken(self.name)


def _broken(name: str) -> Misconfigured:
    return Misconfigured(f"{name} does not hold what it says it holds: take another backup.")


def _collection(body: bytes) -> Collection:
    read = json_util.loads(body.decode(), json_options=json_util.CANONICAL_JSON_OPTIONS)
    return Collection(read["name"], read["options"], tuple(read["indexes"]))


def _framed(kind: bytes, body: bytes) -> bytes:
    return _FRAME.pack(kind, len(body)) + body


def _counted(tally: Tally, name: str, documents: Iterable[bytes]) -> Iterator[bytes]:
    for document in documents:
        tally.add(name, document)
        yield _framed(DOCUMENT, document)


def _together(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, because sealing and compressing have a price for each call."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _TOGETHER:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _frames(content: Iterable[bytes], name: str) -> Iterator[tuple[bytes, bytes]]:
    waiting, at = bytearray(), 0
    for piece in content:
        del waiting[:at]
        at = 0
        waiting += piece
        while len(waiting) - at >= _FRAME.size:
            kind, length = _FRAME.unpack_from(waiting, at)
            if length > _LONGEST:
                raise _broken(name)
            if len(waiting) - at < _FRAME.size + length:
                break
            begins = at + _FRAME.size
            yield kind, bytes(waiting[begins : begins + length])
            at = begins + length
    if len(waiting) != at:
        raise Misconfigured(f"{name} ends in the middle of a record: take another backup.")
