"""JSON over HTTP with the standard library: TLS is checked, redirects are refused, errors come from problem documents."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from ngao.client.account import HttpAccess
from ngao.client.errors import Refused, Unreachable

_TIMEOUT_S = 30.0
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}


class Http:
    """One HTTP interface and our key for it."""

    def __init__(self, access: HttpAccess) -> None:
        self._access = access
        context = ssl.create_default_context(cafile=access.ca_file)
        self._opener = build_opener(HTTPSHandler(context=context), _NoRedirects())

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Post once and return the JSON answer. Raises Unreachable if a retry can succeed, else Refused."""
        headers = {
            "Authorization": f"Bearer {self._access.key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        request = Request(self._access.url + path, json.dumps(body).encode(), headers)  # noqa: S310  # account.py checks the scheme
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return dict(json.loads(answer.read()))
        except HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from None
        except (URLError, HTTPException, OSError) as error:
            raise Unreachable(f"The HTTP interface does not answer ({type(error).__name__}).") from None
        except ValueError:
            raise Unreachable("The answer does not come from the platform's HTTP interface.") from None


class _NoRedirects(HTTPRedirectHandler):
    """Redirects are refused, because urllib would send our key to their target."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def _refusal(status: int, body: bytes) -> Refused | Unreachable:
    if status in _MAY_PASS:
        return Unreachable(f"The platform is temporarily unavailable (status {status}). Retry later.")
    try:
        problem = json.loads(body)
        title, errors = str(problem.get("title", "refused")), problem.get("errors", [])
    except (ValueError, AttributeError):
        title, errors = "refused", []
    return Refused(f"The platform refused: {title} (status {status}).", status=status, errors=errors)
