"""The other services, asked over HTTP in a person's name. A service that is away costs its own part of a page, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

CONNECT_S, ANSWER_S = 1.0, 6.0


@dataclass(frozen=True)
class Answer:
    """What a service answered: `status` is 0 where it did not, or not in time; `body` is its JSON, or empty."""

    service: str
    status: int
    body: Mapping[str, Any]

    @property
    def is_missing(self) -> bool:
        """Return True if the service could not be asked, or could not answer now."""
        return self.status in (0, 500, 502, 503, 504)

    @property
    def is_good(self) -> bool:
        """Return True if it answered what was asked, or did what was to be done."""
        return 200 <= self.status < 300

    @property
    def waits_for_approval(self) -> bool:
        """Return True if nothing is done yet, because a second person must approve it."""
        return self.status == 202 and "expires_at" in self.body

    @property
    def slug(self) -> str:
        """The problem's slug (RFC 9457), or nothing."""
        return str(self.body.get("type", "")).rpartition("/")[2]


class Peers:
    """Knows where each service takes operators' requests."""

    def __init__(self, addresses: Mapping[str, str], ca_file: Path | None) -> None:
        self._addresses = addresses
        self._line = requests.Session()
        self._line.trust_env = False
        self._line.verify = str(ca_file) if ca_file else True

    def ask(self, service: str, method: str, path: str, token: str, body: Any = None) -> Answer:
        """Return what a service answers. Never raises for a service that is away, slow, or answers with something else.

        Without a token it is asked as anyone may ask.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = self._addresses.get(service)
        if address is None:
            return Answer(service, 0, {})
        try:
            found = self._line.request(
                method, address + path, json=body, headers=headers, timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
            )  # fmt: skip
            given = found.json() if found.content else {}
        except (requests.RequestException, ValueError):
            return Answer(service, 0, {})
        return Answer(service, found.status_code, given if isinstance(given, dict) else {})
