"""Asks the other services whether they are ready: all at the same time, each within a bound that no answer can stretch."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from socket import SHUT_RDWR
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from services.console.settings import OTHERS
from services.console.system.model import Readiness, State, read_page

WITHIN_S = 3.0
_MOST_BYTES = 64 * 1024


class Asker:
    """Knows the addresses of the other services, and the authorities that their certificates are verified by."""

    def __init__(self, addresses: Mapping[str, str], ca_file: Path | None, within_s: float = WITHIN_S) -> None:
        self._addresses, self._ca_file, self._within_s = addresses, ca_file, within_s

    def ask(self) -> dict[str, Readiness]:
        """Return the readiness of each other service. Never raises, and never takes much longer than the bound."""
        secured = any(urlsplit(each).scheme == "https" for each in self._addresses.values())
        context = ssl.create_default_context(cafile=self._ca_file) if secured else None
        asked = {name: _Question(address, context, self._within_s) for name, address in self._addresses.items()}
        until = time.monotonic() + self._within_s
        for question in asked.values():
            question.start()
        for question in asked.values():
            question.join(max(0.0, until - time.monotonic()))
        return {name: asked[name].end() if name in asked else Readiness(State.NO_ADDRESS) for name in OTHERS}


class _Question(Thread):
    """One request for one page of readiness, in a thread of its own."""

    def __init__(self, address: str, context: ssl.SSLContext | None, within_s: float) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(address)
        secured: dict[str, Any] = {"context": context} if parts.scheme == "https" else {}
        kind = HTTPSConnection if secured else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=within_s, **secured)
        self._line: Any = None
        self._found = Readiness(State.NO_ANSWER)

    def run(self) -> None:
        """Ask, and keep the answer."""
        with suppress(OSError, HTTPException, ValueError, RecursionError):
            self._connection.connect()
            self._line = self._connection.sock
            self._connection.request("GET", "/readyz")
            answer = self._connection.getresponse()
            self._found = read_page(answer.status, json.loads(answer.read(_MOST_BYTES)))
        self._connection.close()

    def end(self) -> Readiness:
        """Return what is known by now. A question that is not answered yet is cut off, so that its thread ends."""
        if self.is_alive() and self._line is not None:
            with suppress(OSError):
                self._line.shutdown(SHUT_RDWR)
        return self._found
