"""A service's key-encryption keys by period, read again every few seconds.

A new period's key is used, and a destroyed one forgotten, without a restart: a process that meets a period that it does not know
looks immediately.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ngao.chassis.errors import Misconfigured
from ngao.chassis.rereading import Reread, Ticks

KEY_BYTES = 32


class Periods:
    """The ciphers. `read` gives all keys there are; the newest period is the active one. Raises Misconfigured."""

    def __init__(self, read: Callable[[], Mapping[str, bytes]], *, ticks: Ticks = time.monotonic) -> None:
        self._ciphers = Reread(lambda: _ciphers_of(read()), ticks=ticks)

    @property
    def active(self) -> str:
        """The period that new keys are wrapped under."""
        return max(self._ciphers.value())

    def cipher(self, period: str) -> AESGCM | None:
        """Return a period's cipher, or None when its key is not here."""
        return self._ciphers.having(period).get(period)


def _ciphers_of(keys: Mapping[str, bytes]) -> dict[str, AESGCM]:
    if not keys:
        raise Misconfigured("There is no key-encryption key.")
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise Misconfigured(f"Every key-encryption key must be {KEY_BYTES} bytes.")
    return {period: AESGCM(key) for period, key in keys.items()}
