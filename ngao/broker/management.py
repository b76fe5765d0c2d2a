"""A thin client of RabbitMQ's management HTTP interface: what provisioning needs, with errors an operator can act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests

from ngao.chassis.errors import Misconfigured, Unavailable

TIMEOUT_S = 15


@dataclass(frozen=True)
class Step:
    """One thing to do on the broker, with the sentence that says so."""

    what: str
    do: Callable[[], object] = field(compare=False, repr=False)


class Management:
    """One broker's management interface, as one administrator. `url` is like `http://127.0.0.1:15672`."""

    def __init__(
        self, url: str, username: str, password: str, *, ca_file: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url, self._timeout_s = url.rstrip("/"), timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or netrc of this machine may come between
        self._session.auth = (username, password)
        self._session.verify = ca_file or True

    def get(self, *path: str) -> Any:
        """Return the object at a path, or None. Raises Unavailable, Misconfigured."""
        return self._call("GET", path)

    def put(self, *path: str, body: Any) -> None:
        """Create or change the object at a path. Raises Unavailable, Misconfigured."""
        self._call("PUT", path, body)

    def post(self, *path: str, body: Any) -> Any:
        """Add to the object at a path. Raises Unavailable, Misconfigured."""
        return self._call("POST", path, body)

    def delete(self, *path: str) -> None:
        """Remove the object at a path, if it is there. Raises Unavailable, Misconfigured."""
        self._call("DELETE", path)

    def is_listening(self, port: int) -> bool:
        """Return True when the broker accepts AMQP connections on a port. Never raises for a broker that is not up yet."""
        try:
            return self.get("health", "checks", "port-listener", str(port)) is not None
        except (Unavailable, Misconfigured):
            return False

    def clock(self) -> datetime:
        """Return the broker's time, to the second (RFC 9110, Date). Raises Unavailable, Misconfigured."""
        date = self._ask("GET", ("overview",)).headers.get("Date")
        if date is None:
            raise Unavailable(f"The broker's management interface {self._url} sends no Date. Check for a proxy before it.")
        return parsedate_to_datetime(date)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _call(self, method: str, path: tuple[str, ...], body: Any = None) -> Any:
        return _content(self._ask(method, path, body), f"{method} {'/'.join(path)}", self._url)

    def _ask(self, method: str, path: tuple[str, ...], body: Any = None) -> requests.Response:
        address = "/".join([self._url, "api", *(quote(part, safe="") for part in path)])
        try:
            return self._session.request(method, address, json=body, timeout=self._timeout_s)
        except requests.RequestException as error:
            reason = type(error).__name__
            raise Unavailable(f"The broker's management interface {self._url} does not answer ({reason}).") from None


def holds(standing: Mapping[str, object] | None, wanted: Mapping[str, object]) -> bool:
    """Return True if an object, as the broker shows it, has all that is wanted of it."""
    return standing is not None and wanted.items() <= standing.items()


def _content(answer: requests.Response, what: str, url: str) -> Any:
    if answer.status_code == 404:
        return None
    if answer.status_code == 401:
        raise Misconfigured(f"The broker's management interface {url} refuses this administrator's name or password.")
    if answer.status_code >= 500:
        raise Unavailable(f"The broker's management interface answers {what} with status {answer.status_code}.")
    if answer.status_code >= 400:
        raise Misconfigured(f"The broker refuses {what}: {_reason(answer)}.")
    return answer.json() if answer.content else {}


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("reason", answer.status_code)).rstrip(".")
    except (ValueError, AttributeError):
        return f"status {answer.status_code}"
