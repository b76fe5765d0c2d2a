"""Histories: what each client tried and what it was told, one JSON line each, written before it goes on.

`type` is `invoke` before an operation, then `ok`, `fail` (surely not done) or `info` (nobody knows).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class History:
    """One client's file. May be written by several threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._numbers = 0

    def note(self, kind: str, f: str, **values: Any) -> None:
        """Write one line."""
        line = json.dumps({"at": round(time.time(), 4), "type": kind, "f": f, **values})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def invoke(self, f: str, **values: Any) -> int:
        """Note that an operation begins; gives its number."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
        self.note("invoke", f, op=number, **values)
        return number

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Line]:
    """The lines of a history; a line that a kill has torn is left out."""
    if not path.exists():
        return
    for text in path.read_text("utf-8", "replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "type" in line:
            yield line
