"""Keys, certificates and accounts in files, read again while a service runs, so that a change needs no restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from pathlib import Path
from typing import Generic, TypeVar

from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import describe_error, get_logger

LOOK_AGAIN_S = 10.0
"""Processes that run side by side never hold different keys for longer than this."""
Ticks = Callable[[], float]
T = TypeVar("T", bound=Container[str])
F = TypeVar("F")
_log = get_logger(__name__)


class Reread(Generic[T]):
    """`read` returns the present content. The constructor raises Misconfigured if the folder cannot be read.

    Later, the last content stays in use while the folder cannot be read.
    """

    def __init__(self, read: Callable[[], T], *, ticks: Ticks = time.monotonic) -> None:
        self._read, self._ticks = read, ticks
        self._value = read()
        self._looked = ticks()

    def value(self, older_than: float = LOOK_AGAIN_S) -> T:
        """Return the content, read again if the last reading was at least so many seconds ago."""
        now = self._ticks()
        if now >= self._looked + older_than:
            self._looked = now
            try:
                self._value = self._read()
            except Misconfigured as error:
                _log.warning("keys.not_read", **describe_error(error))
        return self._value

    def having(self, name: str, older_than: float = 0) -> T:
        """Return the content; where it lacks this name, it is read again if the last reading was so many seconds ago."""
        value = self.value()
        return value if name in value else self.value(older_than)


class RereadFile(Generic[F]):
    """A file that is read again when it has changed: `read` gives its content. Raises Misconfigured at the beginning.

    Later a file that cannot be used leaves what was known, and `warn` is given the error's description.
    """

    def __init__(self, file: Path, read: Callable[[], F], warn: Callable[..., object]) -> None:
        self._file, self._read, self._warn = file, read, warn
        self._seen, self._value = self._stamp(), read()

    def value(self) -> F:
        """Return the content of the file as it is now."""
        stamp = self._stamp()
        if stamp != self._seen:
            try:
                self._value, self._seen = self._read(), stamp
            except Misconfigured as error:
                self._warn(**describe_error(error))
        return self._value

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._file.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size
