"""A service's key-encryption keys by period, looked at again every few seconds.

A new period's key is used, and a destroyed one forgotten, without a restart: processes that run side by side never hold
different keys for longer than `LOOK_AGAIN_S`, and meet a period they do not know by looking at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import describe_error, get_logger

KEY_BYTES = 32
LOOK_AGAIN_S = 10.0
_log = get_logger(__name__)


class Periods:
    """The ciphers. `read` gives all keys there are; the newest period is the active one. Raises Misconfigured."""

    def __init__(self, read: Callable[[], Mapping[str, bytes]], *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._read, self._ticks = read, ticks
        self._ciphers = self._load()
        self._until = ticks() + LOOK_AGAIN_S

    @property
    def active(self) -> str:
        """The period that new keys are wrapped under."""
        if self._ticks() >= self._until:
            self._look_again()
        return max(self._ciphers)

    def cipher(self, period: str) -> AESGCM | None:
        """A period's cipher, or None when its key is not here."""
        if period not in self._ciphers:
            self._look_again()
        return self._ciphers.get(period)

    def _look_again(self) -> None:
        """A folder that cannot be read for the moment takes no key away."""
        self._until = self._ticks() + LOOK_AGAIN_S
        try:
            self._ciphers = self._load()
        except Misconfigured as error:
            _log.warning("keys.not_read", **describe_error(error))

    def _load(self) -> dict[str, AESGCM]:
        keys = self._read()
        if not keys:
            raise Misconfigured("There is no key-encryption key.")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise Misconfigured(f"Every key-encryption key must be {KEY_BYTES} bytes.")
        return {period: AESGCM(key) for period, key in keys.items()}
