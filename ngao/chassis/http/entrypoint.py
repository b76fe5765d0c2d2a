"""`@http`: one operation of a service's HTTP interface, from request to answer.

Order, fixed: authenticate, hold to the rate, size, content type, body, then a worker runs the handler. Nothing before the
last step takes a worker, so that neither a slow nor an eager caller can occupy one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import parse_qsl

import pymongo
from eventlet import Timeout
from eventlet.event import Event as Signal
from marshmallow import Schema
from nameko.extensions import Entrypoint, register_entrypoint
from werkzeug.datastructures import EnvironHeaders
from werkzeug.routing import Rule

from ngao.chassis.approvals.asking import Demands, ask_first
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.auditing import Audited, check, put_on_record
from ngao.chassis.http.body import read_body
from ngao.chassis.http.call import Answer, Call, Meter, Query, Text
from ngao.chassis.http.doors import KINDS
from ngao.chassis.http.problems import Overloaded, shown_name
from ngao.chassis.http.render import Rendered, render, render_error
from ngao.chassis.http.server import WebServer
from ngao.chassis.security.identity import Principal

__all__ = ["Answer", "Call", "HttpEntrypoint", "Operation", "Text", "http"]

HANDLER_SECONDS = 30.0
ANSWER_SECONDS = 4.5
"""How long an outsider waits for an answer: then it is told to send it again, because nobody knows yet."""
STORE_SECONDS = 4.0
"""How long a request of an outsider waits for the store in all: better refused and sent again than hung."""
_LONGEST_IDEMPOTENCY_KEY = 200
_MOST_PARAMETERS = 50
_SCOPE = re.compile(r"^[a-z]{2,20}:(read|write)$")

Responses = Mapping[int, type[Schema] | None]


@dataclass(frozen=True)
class Operation:
    """What `@http` declares about a handler; the OpenAPI document is made of these.

    `inline` runs without a worker; `inside` is not for outsiders: see `HttpSettings.inside_port`; `needs` is the scope that an
    operator's key must have; `two_person` says which calls another operator must approve first; `audit` is what it puts on
    record, see `auditing`.
    """

    method: str
    path: str
    who: tuple[str, ...]
    operation: str
    summary: str
    request: type[Schema] | None = None
    accepts: tuple[str, ...] = ("application/json",)
    responses: Responses | None = None
    inline: bool = False
    inside: bool = False
    needs: str = ""
    two_person: Demands | None = None
    query: tuple[str, ...] = ()
    audit: Audited | None = None

    def __post_init__(self) -> None:
        """Refuse an operator operation that demands no scope, as any operator's key would open it, or is not audited."""
        if "operator" in self.who and not _SCOPE.fullmatch(self.needs):
            raise TypeError(f"{self.operation}: an operation of operators declares the scope it needs, such as messages:read")
        check(self)


@dataclass(frozen=True)
class _Failure:
    """An error carried out of a worker as a value: nameko logs the text of those that are raised."""

    error: BaseException


def http(
    method: str,
    path: str,
    *,
    who: str | tuple[str, ...],
    operation: str,
    summary: str,
    request: type[Schema] | None = None,
    accepts: tuple[str, ...] = ("application/json",),
    responses: Responses | None = None,
    inline: bool = False,
    inside: bool = False,
    needs: str = "",
    two_person: Demands | None = None,
    query: tuple[str, ...] = (),
    audit: Audited | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method `f(self, call: Call, **path) -> Answer | dict` answer HTTP requests.

    `who` is "operator", "anyone", a kind of outsiders, or a tuple of them; `needs` is the scope that an operator's key must have,
    `audit` what its call puts on record: where operators may call, a service without them does not start. `path` is
    werkzeug's, "/v1/things/<thing_id>"; `request` is what `call.load()` uses and OpenAPI shows; `query` names the parameters
    that are read: any other is refused, because a filter that is ignored answers another question than was asked. An error that
    the handler raises is returned to the server as a value; a test that calls the method directly finds the bare handler under
    `__wrapped__`.
    """
    callers = (who,) if isinstance(who, str) else who
    declared = Operation(
        method, path, callers, operation, summary, request, accepts, responses, inline, inside, needs, two_person, query,
        audit,
    )  # fmt: skip

    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def contained(service: Any, call: Call, **values: Any) -> Any:
            try:
                with _bounded(callers):
                    asked = ask_first(declared, service, call, values)
                    if asked is not None:
                        return asked
                    outcome = handler(service, call, **values)
                    put_on_record(declared, call, values, outcome)
                    return outcome
            except (Exception, Timeout) as error:  # noqa: BLE001 - nothing may reach nameko
                return _Failure(error)

        register_entrypoint(contained, HttpEntrypoint(declared))
        return contained

    return decorate


def _bounded(callers: tuple[str, ...]) -> AbstractContextManager[None]:
    """Operators may ask for what takes long, such as the verification of all audit chains."""
    return nullcontext() if "operator" in callers else pymongo.timeout(STORE_SECONDS)


class HttpEntrypoint(Entrypoint):
    """The nameko side of `@http`."""

    server = WebServer()

    def __init__(self, declared: Operation, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.declared = declared

    def setup(self) -> None:
        """Announce the operation to the web server."""
        self.server.register_provider(self)

    def stop(self) -> None:
        """Stop taking requests, and return when those that run are answered."""
        self.server.drain()
        self.server.unregister_provider(self)

    def get_url_rule(self) -> Rule:
        """The route, for werkzeug's map."""
        return Rule(self.declared.path, methods=[self.declared.method])

    def respond(self, environ: Mapping[str, Any], values: dict[str, Any], trace: str) -> Rendered:
        """Answer one request; never raises."""
        try:
            headers = EnvironHeaders(dict(environ))
            began = time.monotonic()
            principal = self._admit(headers, environ)
            at_gate = time.monotonic() - began  # the handler has what the gate has left; a slow body is the caller's own time
            meter = Meter()
            try:
                outcome = self._run(self._call(environ, headers, principal, trace, meter), values, at_gate)
            finally:
                self.server.gate.charge(principal, _address(environ), meter.beyond_one)
            return render_error(outcome.error) if isinstance(outcome, _Failure) else render(outcome)
        except (Exception, Timeout) as error:  # noqa: BLE001 - every error has an answer
            return render_error(error)

    def _admit(self, headers: EnvironHeaders, environ: Mapping[str, Any]) -> Principal:
        callers = environ.get("ngao.callers", KINDS)
        who = tuple(each for each in self.declared.who if each in callers)
        with _bounded(self.declared.who):
            return self.server.gate.admit(who, self.declared.needs, headers.get("Authorization"), _address(environ))

    def _call(
        self, environ: Mapping[str, Any], headers: EnvironHeaders, principal: Principal, trace: str, meter: Meter
    ) -> Call:
        chassis = self.container.chassis
        query = _query(environ.get("QUERY_STRING", ""), self.declared.query)
        body, content_type = read_body(environ, chassis.settings.http.max_body_bytes, self.declared.accepts, meter)
        return Call(
            principal=principal,
            body=body,
            content_type=content_type,
            headers=cast("Mapping[str, str]", headers),
            query=query,
            trace=trace,
            idempotency_key=_idempotency_key(headers.get("Idempotency-Key")),
            schema=self.declared.request,
            chassis=chassis,
            meter=meter,
            draw_ahead=partial(self.server.gate.draw_ahead, principal, _address(environ)),
        )

    def _run(self, call: Call, values: dict[str, Any], at_gate: float) -> Any:
        if self.declared.inline:
            return getattr(self.container.service_cls(), self.method_name)(call, **values)
        done = Signal()

        def finished(_context: Any, result: Any, failure: Any) -> tuple[Any, Any]:
            done.send(result if failure is None else _Failure(failure[1]))
            return result, failure

        patience = HANDLER_SECONDS if "operator" in self.declared.who else ANSWER_SECONDS
        with Timeout(max(patience - at_gate, 0.0), Overloaded("No worker answered in time.")):
            self.container.spawn_worker(self, (call,), values, context_data={}, handle_result=finished)
            return done.wait()


def _address(environ: Mapping[str, Any]) -> str:
    return str(environ.get("REMOTE_ADDR", ""))


def _query(text: str, declared: tuple[str, ...]) -> Query:
    """The parameters, each once and known; raises InvalidInput that names the first that is neither, never a value."""
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
    return Query(declared, dict(pairs))


def _idempotency_key(given: str | None) -> str | None:
    if given is None:
        return None
    if not 1 <= len(given) <= _LONGEST_IDEMPOTENCY_KEY or not given.isascii() or not given.isprintable():
        raise InvalidInput(
            f"Idempotency-Key must have 1 to {_LONGEST_IDEMPOTENCY_KEY} printable ASCII characters.",
            slug="invalid-idempotency-key",
            status=400,
        )
    return given
