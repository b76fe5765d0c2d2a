"""The web server of a service: nameko's, bound by the chassis's settings, bounded in connections, and able to drain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import eventlet
from eventlet import Timeout
from eventlet.event import Event as Signal
from eventlet.green import socket
from eventlet.wsgi import STATE_IDLE, Server
from nameko.web.server import WebServer as NamekoWebServer
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as RoutedNotAllowed
from werkzeug.routing import Map, Rule

from ngao.chassis.errors import InvalidInput, Misconfigured, NotFound
from ngao.chassis.http.doors import HEALTH, READINESS, Door, Served, served
from ngao.chassis.http.gate import Gate
from ngao.chassis.http.pages import show_page
from ngao.chassis.http.problems import MethodNotAllowed
from ngao.chassis.http.proxied import NotTheGate, client_of
from ngao.chassis.http.render import Rendered, render_error
from ngao.chassis.http.wire import LONGEST_LINE, Protocol, hang_up
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.identity import Authenticator
from ngao.chassis.security.tls import server_identity
from ngao.chassis.settings import HttpSettings
from ngao.kernel import traces

SOCKET_SECONDS = 15.0
HANDSHAKE_SECONDS = 5.0
DRAIN_SECONDS = 20.0
_MOST_CONNECTIONS = 1000
_BACKLOG = 512
_UNMATCHED = "<unmatched>"
_LOOKED_AT = {HEALTH, READINESS, "/metrics"}
"""Asked every few seconds by gates and engines: a line for each good answer would push everything else out of the log."""

_log = get_logger(__name__)


class WebServer(NamekoWebServer):
    """Shared by all HTTP entrypoints of a container. `gate` admits callers; it is made at start, when the app is built."""

    gate: Gate
    _starting: bool
    _is_accepting: bool

    def __init__(self) -> None:
        super().__init__()
        self._doors: list[Door] = []
        self._drained = Signal()

    @property
    def draining(self) -> bool:
        """True while the service stops: connections are closed after their answers."""
        return not self._is_accepting

    def start(self) -> None:
        """Listen and accept; raises Misconfigured when the address is taken."""
        if self._starting:
            return
        self._starting = True
        chassis, settings = self.container.chassis, self.container.chassis.settings.http
        callers = Authenticator(getattr(self.container.parts, "credentials", None), chassis.operators, chassis.staff.principal)
        self.gate = Gate(callers, chassis.clock, settings.rate_per_second, settings.burst)
        self._identity = server_identity(settings.cert_file, settings.key_file)
        for port in served(settings, self._providers):
            self._open(settings, port)
        self._turning = self.container.spawn_managed_thread(self._turn)

    def _open(self, settings: HttpSettings, port: Served) -> None:
        listening = listen(settings, port.port)
        server = Server(
            listening,
            listening.getsockname(),
            Application(self, port),
            protocol=Protocol,
            log_output=False,
            debug=False,
            url_length_limit=LONGEST_LINE,
            socket_timeout=SOCKET_SECONDS,
        )
        door = Door(listening, server, port.gates)
        self._doors.append(door)
        door.accepting = self.container.spawn_managed_thread(partial(self._accept, door))
        _log.info("http.listening", host=settings.host, port=listening.getsockname()[1])

    def _accept(self, door: Door) -> None:
        """Accept connections until the service stops."""
        while self._is_accepting:
            try:
                sock, address = door.listening.accept()
            except OSError as error:
                # Out of file descriptors, or a client that left early: an error here would kill the whole container.
                _log.warning("http.accept_failed", **describe_error(error))
                eventlet.sleep(0.1)
                continue
            self._take(door, sock, address)

    def drain(self) -> None:
        """Accept no more, close idle connections, wait (bounded) for running requests to be answered. Any number may call it."""
        if not self._is_accepting:
            self._drained.wait()
            return
        self._is_accepting = False
        for door in self._doors:
            door.accepting.kill()
            door.listening.close()
        if self._doors:
            self._turning.kill()
        for connection in [each for door in self._doors for each in door.connections.values()]:
            hang_up(connection)
        with Timeout(DRAIN_SECONDS, exception=False):
            while any(door.connections for door in self._doors):
                eventlet.sleep(0.02)
        self._drained.send()

    stop = drain  # the entrypoints have usually done so before

    def _take(self, door: Door, sock: Any, address: Any) -> None:
        """Give a connection a thread of its own; behind a gate it counts for its client once the gate has said who that is."""
        connection = [address, sock, STATE_IDLE]
        if len(door.connections) >= _MOST_CONNECTIONS or (door.gates is None and not door.enter(connection)):
            sock.close()
            return
        sock.settimeout(SOCKET_SECONDS)
        door.connections[id(connection)] = connection
        self.container.spawn_managed_thread(partial(self._serve, door, connection), "http connection")

    def _serve(self, door: Door, connection: list[Any]) -> None:
        try:
            self._learn_client(door, connection)
            self._secure(connection)
            door.server.process_request(connection)
        except (Exception, Timeout) as error:  # noqa: BLE001
            # Whatever a client does to its connection must not kill the container.
            _log.info("http.connection_broken", **describe_error(error))
        finally:
            door.leave(connection)
            connection[1].close()

    def _learn_client(self, door: Door, connection: list[Any]) -> None:
        """Replace the gate's address by the client's. Raises NotTheGate."""
        if door.gates is None:
            return
        door.gates.demand(connection[0][0])
        client = client_of(connection[1])
        if client is not None:
            connection[0] = client
        if not door.enter(connection):
            raise NotTheGate("its client has too many connections")

    def _secure(self, connection: list[Any]) -> None:
        """Do the TLS handshake in the connection's own thread, with a time limit: a slow client delays no other."""
        if self._identity is None:
            return
        secured = self._identity.value().wrap_socket(connection[1], server_side=True, do_handshake_on_connect=False)
        connection[1] = secured
        secured.settimeout(SOCKET_SECONDS)
        with Timeout(HANDSHAKE_SECONDS, TimeoutError("handshake")):
            secured.do_handshake()

    def _turn(self) -> None:
        while True:
            self.container.chassis.health.turned()
            eventlet.sleep(1)


def listen(settings: HttpSettings, port: int) -> Any:
    """Take the address; raises Misconfigured when it is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = eventlet.listen((settings.host, port), family, _BACKLOG, reuse_port=settings.reuse_port)
    except OSError as error:
        place = f"{settings.host}:{port}"
        way_out = "end the process that is there, or set http.host and http.port to what is free."
        raise Misconfigured(f"Nothing can listen on {place} ({error.strerror}): {way_out}") from None
    listening.settimeout(None)
    return listening


class Application:
    """The WSGI application: finds the operation, has it answer, adds trace and log line."""

    def __init__(self, server: WebServer, port: Served) -> None:
        self._server, self._callers = server, port.callers
        self._pages = getattr(server.container.parts, "pages", None) if port.has_pages else None
        rules = [Rule(each.operation.path, methods=[each.operation.method], endpoint=each) for each in port.entrypoints]
        self._routes = Map(rules, strict_slashes=False, merge_slashes=False)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (the WSGI application)."""
        began = time.monotonic()
        environ["ngao.callers"] = self._callers
        trace = traces.child(traces.parse(environ.get("HTTP_TRACEPARENT")))
        route, rendered = self._answer(environ, trace)
        if self._server.draining or _is_unread(environ["eventlet.input"]):
            environ["ngao.connection"].close_after_answer()
        headers = {**rendered.headers, "traceparent": trace}
        if rendered.status not in (204, 304):
            headers["Content-Length"] = str(len(rendered.body))
        start_response(rendered.status_line, [*headers.items(), *(("Set-Cookie", each) for each in rendered.cookies)])
        self._record(environ, route, rendered, trace, time.monotonic() - began)
        return [] if environ["REQUEST_METHOD"] == "HEAD" or not rendered.body else [rendered.body]

    def _answer(self, environ: dict[str, Any], trace: str) -> tuple[str, Rendered]:
        try:
            path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
            # The Host header is not asked: it is the client's to choose and chooses nothing here.
            entrypoint, values = self._routes.bind("ngao.invalid").match(path, environ["REQUEST_METHOD"])
        except RoutedNotAllowed as error:
            return _UNMATCHED, render_error(MethodNotAllowed(error.valid_methods or ()))
        except HTTPException:
            if self._pages is not None:
                return self._show_page(environ, trace)
            return _UNMATCHED, render_error(NotFound("Nothing is at this path."))
        except UnicodeError:
            return _UNMATCHED, render_error(InvalidInput("The path is not UTF-8.", slug="malformed-request", status=400))
        return entrypoint.operation.path, entrypoint.respond(environ, dict(values), trace)

    def _show_page(self, environ: dict[str, Any], trace: str) -> tuple[str, Rendered]:
        settings = self._server.container.chassis.settings.http
        route, rendered = show_page(self._pages, environ, trace, self._server.gate, settings)
        return route or _UNMATCHED, rendered

    def _record(self, environ: dict[str, Any], route: str, rendered: Rendered, trace: str, seconds: float) -> None:
        method = environ["REQUEST_METHOD"] if route != _UNMATCHED else "<any>"
        metrics = self._server.container.chassis.metrics
        metrics.http.labels(method, route, rendered.status).inc()
        metrics.http_seconds.labels(method, route).observe(seconds)
        if route in _LOOKED_AT and rendered.status == 200:
            return
        _log.info(
            "http.request",
            method=method,
            route=route,
            status=rendered.status,
            trace_id=traces.trace_id(trace),
            duration_ms=round(seconds * 1000),
            **({"slug": rendered.slug} if rendered.slug else {}),
        )


def _is_unread(body: Any) -> bool:
    if body.chunked_input:
        return bool(body.chunk_length != 0)
    return bool(body.position < (body.content_length or 0))
