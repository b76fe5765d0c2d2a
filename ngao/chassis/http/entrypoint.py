"""One operation of a service's HTTP interface, from request to answer.

Order, fixed: authenticate, hold to the rate, size, content type, body, then a worker runs the handler. Nothing before the
last step takes a worker, so that neither a slow nor an eager caller can occupy one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pymongo
from eventlet import Timeout
from eventlet.event import Event as Signal
from nameko.extensions import Entrypoint

from ngao.chassis.approvals.asking import ask_first
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.auditing import put_on_record
from ngao.chassis.http.body import read_body
from ngao.chassis.http.call import Call, Meter
from ngao.chassis.http.doors import KINDS
from ngao.chassis.http.operation import Endpoint
from ngao.chassis.http.problems import Overloaded, shown_name
from ngao.chassis.http.render import Rendered, render, render_error
from ngao.chassis.http.server import WebServer
from ngao.chassis.security.identity import Principal

HANDLER_SECONDS = 30.0
ANSWER_SECONDS = 4.5
"""The time limit for an answer to an outsider. After it, the outsider is asked to send again, as the result is not known yet."""
STORE_SECONDS = 4.0
"""The time limit for all waiting for the store in an outsider's request: a refusal that can be retried is better than a hang."""
_LONGEST_IDEMPOTENCY_KEY = 200
_MOST_PARAMETERS = 50


def answered(endpoint: Endpoint, parts: Any, call: Call, values: Mapping[str, str]) -> Any:
    """Run the handler in a worker. An error is returned as a value, because nameko would log the text of a raised one."""
    try:
        with _bounded(endpoint.operation.roles):
            asked = ask_first(endpoint, parts, call, values)
            if asked is not None:
                return asked
            outcome = endpoint.run(parts, call, values)
            put_on_record(endpoint.operation, parts.chassis.readings, call, values, outcome)
            return outcome
    except (Exception, Timeout) as error:  # noqa: BLE001 - every error has an answer
        return error


def _bounded(callers: Collection[str]) -> AbstractContextManager[None]:
    """Bound the time for the store, except for operators: some of their operations take long, such as an audit verification."""
    return nullcontext() if "operator" in callers else pymongo.timeout(STORE_SECONDS)


class HttpEntrypoint(Entrypoint):
    """The nameko side of an endpoint."""

    server = WebServer()

    def __init__(self, endpoint: Endpoint, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint, self.operation = endpoint, endpoint.operation

    def setup(self) -> None:
        """Announce the operation to the web server."""
        self.server.register_provider(self)

    def stop(self) -> None:
        """Stop taking requests, and return when those that run are answered."""
        self.server.drain()
        self.server.unregister_provider(self)

    def respond(self, environ: Mapping[str, Any], values: dict[str, Any], trace: str) -> Rendered:
        """Answer one request; never raises."""
        try:
            began = time.monotonic()
            principal = self._admit(environ)
            at_gate = time.monotonic() - began  # the handler has what the gate has left; a slow body is the caller's own time
            meter = Meter()
            try:
                outcome = self._run(self._call(environ, principal, trace, meter), values, at_gate)
            finally:
                self.server.gate.charge(principal, _address(environ), meter.beyond_one)
            return render_error(outcome) if isinstance(outcome, BaseException) else render(outcome)
        except (Exception, Timeout) as error:  # noqa: BLE001 - every error has an answer
            return render_error(error)

    def _admit(self, environ: Mapping[str, Any]) -> Principal:
        callers = environ.get("ngao.callers", KINDS)
        who = tuple(each for each in self.operation.roles if each in callers)
        with _bounded(self.operation.roles):
            return self.server.gate.admit(who, self.operation.scope, environ.get("HTTP_AUTHORIZATION"), _address(environ))

    def _call(self, environ: Mapping[str, Any], principal: Principal, trace: str, meter: Meter) -> Call:
        query = _query(environ.get("QUERY_STRING", ""), self.operation.query)
        most = self.container.chassis.settings.http.max_body_bytes
        body, content_type = read_body(environ, most, self.operation.accepts, meter)
        return Call(
            principal=principal,
            body=body,
            content_type=content_type,
            query=query,
            trace=trace,
            idempotency_key=_idempotency_key(environ.get("HTTP_IDEMPOTENCY_KEY")),
            schema=self.operation.request,
            meter=meter,
            draw_ahead=partial(self.server.gate.charge, principal, _address(environ), ahead=True),
        )

    def _run(self, call: Call, values: dict[str, Any], at_gate: float) -> Any:
        if self.operation.inline:
            return answered(self.endpoint, self.container.parts, call, values)
        done = Signal()

        def finished(_context: Any, result: Any, failure: Any) -> tuple[Any, Any]:
            done.send(result if failure is None else failure[1])
            return result, failure

        patience = HANDLER_SECONDS if "operator" in self.operation.roles else ANSWER_SECONDS
        with Timeout(max(patience - at_gate, 0.0), Overloaded("No worker answered in time.")):
            self.container.spawn_worker(self, (call,), values, context_data={}, handle_result=finished)
            return done.wait()


def _address(environ: Mapping[str, Any]) -> str:
    return str(environ.get("REMOTE_ADDR", ""))


def _query(text: str, declared: tuple[str, ...]) -> dict[str, str]:
    """Parse the query. Raises InvalidInput for an unknown or repeated parameter, with its name and never its value."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise InvalidInput("The query has too many parameters.", slug="invalid-query", status=400) from None
    names = [name for name, _ in pairs]
    for name in names:
        if name not in declared:
            known = f"There are: {', '.join(declared)}." if declared else "There are none."
            sentence = f"This operation has no query parameter {shown_name(name)}. {known}"
            raise InvalidInput(sentence, slug="invalid-query", status=400)
        if names.count(name) > 1:
            raise InvalidInput(f"The query parameter {name} is given more than once.", slug="invalid-query", status=400)
    return dict(pairs)


def _idempotency_key(given: str | None) -> str | None:
    if given is None:
        return None
    if not 1 <= len(given) <= _LONGEST_IDEMPOTENCY_KEY or not given.isascii() or not given.isprintable():
        sentence = f"Idempotency-Key must have 1 to {_LONGEST_IDEMPOTENCY_KEY} printable ASCII characters."
        raise InvalidInput(sentence, slug="invalid-idempotency-key", status=400)
    return given
