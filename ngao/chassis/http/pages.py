"""Web pages of a service: a WSGI application for paths that no operation matches, within the limits of every request.

It runs in the thread of its connection and gets a body that is whole and within the limit. Its answer is sent when it is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

from eventlet import Timeout
from werkzeug.wrappers import Response as Answer

from ngao.chassis.http.body import ANYTHING, read_body
from ngao.chassis.http.call import Meter, Response
from ngao.chassis.http.gate import Gate
from ngao.chassis.http.problems import Overloaded
from ngao.chassis.http.render import SECURITY_HEADERS, Rendered, render, render_error
from ngao.chassis.settings import HttpSettings

ROUTE = "Ngao-Route"
"""The header in which the application names the matched route, without values, for the log and the metrics. It is not sent."""
_NOT_PASSED_ON = {ROUTE, "Set-Cookie", "Content-Type", "Content-Length"}
_OF_A_PAGE = SECURITY_HEADERS.keys() - {"Cache-Control"}
PAGE_SECONDS = 15.0
"""The time for a page with all that it asks. Each operation of the store has its own limit, by the settings of the store."""


def show_page(pages: Any, environ: Mapping[str, Any], trace: str, gate: Gate, settings: HttpSettings) -> tuple[str, Rendered]:
    """Return the route, or an empty one, and the answer; never raises. Callers are limited by their address, as `anyone` is."""
    address, meter = str(environ.get("REMOTE_ADDR", "")), Meter()
    try:
        anyone = gate.admit(("anyone",), "", None, address)
        try:
            body, _ = read_body(environ, settings.max_body_bytes, (ANYTHING,), meter)
            with Timeout(PAGE_SECONDS, Overloaded("No page was made in time.")):
                return _run(pages, environ, body, trace, "https" if settings.cert_file else "http")
        finally:
            gate.charge(anyone, address, meter.beyond_one)
    except (Exception, Timeout) as error:  # noqa: BLE001 - every error has an answer
        return "", render_error(error)


def _run(pages: Any, environ: Mapping[str, Any], body: bytes, trace: str, scheme: str) -> tuple[str, Rendered]:
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    whole = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body))}
    given = {**environ, **whole, "REQUEST_METHOD": method, "wsgi.url_scheme": scheme, "ngao.trace": trace}
    answer = Answer.from_app(pages, given, buffered=True)
    headers = {name: value for name, value in answer.headers if name not in _NOT_PASSED_ON}
    rendered = render(Response(answer.status_code, answer.get_data(), headers, answer.headers.get("Content-Type", "")))
    if answer.status_code == 304:  # the page that the reader has keeps its headers; each byte of this answer is sent often
        rendered = replace(rendered, headers={name: value for name, value in rendered.headers.items() if name not in _OF_A_PAGE})
    return answer.headers.get(ROUTE, ""), replace(rendered, cookies=tuple(answer.headers.getlist("Set-Cookie")))
