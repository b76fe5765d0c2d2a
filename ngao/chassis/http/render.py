"""Turns answers and problems into status, headers and bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any

from ngao.chassis.http import problems
from ngao.chassis.http.call import Response

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True)
class Rendered:
    """A response as it is sent; `slug` names the problem, for the access log."""

    status: int
    headers: dict[str, str]
    body: bytes
    slug: str | None = None
    cookies: tuple[str, ...] = ()

    @property
    def status_line(self) -> str:
        """`404 Not Found`: the status as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def render(answer: Any) -> Rendered:
    """Render a Response, or a dictionary with status 200. Raises TypeError or ValueError if it cannot be sent."""
    given = answer if isinstance(answer, Response) else Response(200, answer)
    body = b"" if given.payload is None else given.payload if isinstance(given.payload, bytes) else dump(given.payload)
    return Rendered(given.status, _headers(given.headers, given.content_type if body else None), body)


def render_error(error: BaseException) -> Rendered:
    """Render any error as a problem document."""
    problem = problems.problem_of(error)
    headers = _headers(problem.headers, problems.CONTENT_TYPE)
    return Rendered(problem.status, headers, dump(problem.document()), problem.slug)


def dump(payload: Any) -> bytes:
    """Return compact JSON in UTF-8; aware datetimes as RFC 3339 in UTC, days as year-month-day."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a payload holds a {type(value).__name__}, which is not a JSON value")


def _headers(given: Mapping[str, str], content_type: str | None) -> dict[str, str]:
    for name, value in given.items():
        # A line break would let the author of the value add headers (response splitting).
        if not (name + value).isascii() or not (name + value).isprintable():
            raise ValueError("a response header holds a character that is not allowed in one")
    typed = {"Content-Type": content_type} if content_type else {}
    return {**SECURITY_HEADERS, **typed, **given}
