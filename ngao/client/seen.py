"""The ids of handled events: the broker may deliver an event twice, but a handler should process it once."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Protocol, TextIO, TypeVar

DEFAULT_SIZE = 10_000
K = TypeVar("K")
V = TypeVar("V")


class Latest(OrderedDict[K, V]):
    """The latest entries: the oldest is removed when there are more than `size`."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > self._size:
            self.popitem(last=False)


class Seen(Protocol):
    """A set of event ids. One in your own database can be committed together with the data of your handler."""

    def __contains__(self, event_id: object) -> bool:
        """Check that the event was handled."""
        ...

    def add(self, event_id: str) -> None:
        """Add a handled event. Called after its handler has returned and before it is acknowledged."""
        ...


class InMemorySeen:
    """Stores the latest events of this process. After a restart, an event may be handled once more."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._ids: Latest[object, None] = Latest(size)

    def __contains__(self, event_id: object) -> bool:
        return event_id in self._ids

    def add(self, event_id: str) -> None:
        """Add an event, and remove the oldest if there are too many."""
        self._ids[event_id] = None


class FileSeen:
    """Stores the latest events over restarts: one digest per line, synced. The file is cut at twice its size."""

    def __init__(self, path: Path, size: int = DEFAULT_SIZE) -> None:
        self._path = path
        self._size = size
        self._digests: Latest[str, None] = Latest(size)
        self._lines = 0
        if path.exists():
            for line in path.read_text("ascii", errors="replace").splitlines():
                self._digests[line] = None
            self._rewrite()  # completes a line that a crash has cut

    def __contains__(self, event_id: object) -> bool:
        return _digest(event_id) in self._digests

    def add(self, event_id: str) -> None:
        """Write an event to disk before this returns."""
        digest = _digest(event_id)
        self._digests[digest] = None
        if self._lines >= 2 * self._size:
            self._rewrite()
            return
        with self._path.open("a", encoding="ascii") as file:
            _write(file, digest + "\n")
        self._lines += 1

    def _rewrite(self) -> None:
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("w", encoding="ascii") as file:
            _write(file, "".join(f"{digest}\n" for digest in self._digests))
        draft.replace(self._path)
        self._lines = len(self._digests)


def _digest(event_id: object) -> str:
    """Return the digest of an id: an id is the sender's text and may contain a line break."""
    return hashlib.sha256(str(event_id).encode()).hexdigest()


def _write(file: TextIO, text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
