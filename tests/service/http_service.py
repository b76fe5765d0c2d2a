"""A small service on the chassis's HTTP entrypoint, run as a process of its own: `python -m tests.service.http_service`.

It prints its log lines; `http.listening` tells the port. Its chassis has the parts that HTTP needs and no others.
"""

# ruff: noqa: A002, TRY301  # the ports name an argument `id`; handlers are given a call; a raise is the case
from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import logging  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from types import SimpleNamespace  # noqa: E402
from typing import Any, ClassVar  # noqa: E402

from marshmallow import RAISE, Schema, fields, validate  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402

from ngao.chassis.clock import SystemClock  # noqa: E402
from ngao.chassis.errors import NotAllowedNow, NotFound, Unavailable  # noqa: E402
from ngao.chassis.handlers import Call, Parts, Response, UnitContext, build, http  # noqa: E402
from ngao.chassis.http import pages as pages_module  # noqa: E402
from ngao.chassis.http.render import dump  # noqa: E402
from ngao.chassis.observability.health import Health  # noqa: E402
from ngao.chassis.observability.logs import configure, get_logger  # noqa: E402
from ngao.chassis.observability.metrics import Metrics  # noqa: E402
from ngao.chassis.security.identity import Credential, Principal, hash_key  # noqa: E402
from ngao.chassis.security.roles import NO_ROLES, WHOLE  # noqa: E402
from ngao.chassis.security.staff_tokens import StaffTokens  # noqa: E402
from ngao.chassis.settings import HttpSettings  # noqa: E402
from ngao.chassis.storage.unit_of_work import Unit  # noqa: E402
from ngao.kernel.actors import Actor  # noqa: E402

MARKER = "Wanjiku-Marker-4711"
SECRET = "s" * 43
SOURCE_KEY = f"ngao_source_forms_{SECRET}"
SLOW_KEY = f"ngao_source_flood_{SECRET}"
PARTNER_KEY = f"ngao_partner_clinic_{SECRET}"
OPERATOR_KEY = f"ngao_operator_grace_{SECRET}"
INTERN_KEY = f"ngao_operator_intern_{SECRET}"
PARKED = ("parked:read", "parked:write")
LIMIT = 64 * 1024


class Visit(Schema):
    """What the test posts."""

    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=validate.Length(max=20))
    age = fields.Integer(required=True, strict=True)


class Accounts:
    def find(self, kind: str, id: str) -> Credential | None:
        known = {
            ("source", "forms"): Credential((hash_key(SOURCE_KEY),), rate_per_second=1000.0),
            ("source", "flood"): Credential((hash_key(SLOW_KEY),), rate_per_second=2.0),
            ("source", "closed"): Credential((hash_key(f"ngao_source_closed_{SECRET}"),), enabled=False),
            ("partner", "clinic"): Credential((hash_key(PARTNER_KEY),)),
            ("source", "late"): Credential((hash_key(f"ngao_source_late_{SECRET}"),)),
        }
        if id == "late":  # a store that is slow to say who that is
            eventlet.sleep(3)
        return known.get((kind, id))


class Parked:
    def __init__(self) -> None:
        at = {"parked_at": datetime.now(UTC), "first_parked_at": datetime.now(UTC)}
        self.entries: dict[str, dict[str, Any]] = {"p1": {"_id": "p1", "state": "parked", "reason": "wrong_type", **at}}

    def list(self, limit: int, state: str) -> list[dict[str, Any]]:
        return [each for each in self.entries.values() if state in ("all", each["state"])][:limit]

    def find(self, id: str) -> dict[str, Any]:
        if id not in self.entries:
            raise NotFound("No such parked message.")
        return self.entries[id]

    def replay(self, id: str, by: Actor, reason: str) -> None:
        self.find(id).update(state="replayed", reason=f"{reason}, {by}")

    def drop(self, id: str, by: Actor, reason: str) -> None:
        self.find(id).update(state="dropped", reason=f"{reason}, {by}")


class Readings:
    """What is read is on record elsewhere: tests/service/test_lists_on_record.py."""

    def listed(self, *_: Any) -> None:
        """Nothing is kept."""

    def shown(self, *_: Any) -> None:
        """Nothing is kept."""


@dataclass
class Context(UnitContext):
    """Of a service without a store: no handler has a unit."""

    service: ClassVar[str] = "tiny"


class TinyParts(Parts[Context]):
    """The chassis and the accounts."""

    def __init__(self, chassis: Any) -> None:
        self.chassis, self.credentials = chassis, Accounts()
        self.pages = pages if "PAGES" in os.environ else None

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        return Context(unit, principal)


@http.post("/v1/visits", roles="source", request=Visit, returns={202: None})
def visit(parts: TinyParts, body: dict[str, Any], call: Call) -> Response:
    """A visit."""
    return Response(202, {"age": body["age"], "trace": call.trace, "key": call.idempotency_key, "by": call.principal.id})


@http.get("/v1/visits/<visit_id>", roles=("source", "partner"))
def get_visit(parts: TinyParts, visit_id: str, call: Call, *, a: str = "", who: str = "") -> dict[str, Any]:
    """One."""
    return {"id": visit_id, "query": call.query, "kind": call.principal.kind}


@http.post("/v1/fail/<how>", roles="source")
def fail(parts: TinyParts, how: str, call: Call, *, who: str = "") -> Response:
    """Fails."""
    if how == "bug":
        raise RuntimeError(f"{MARKER} {call.body!r}")
    if how == "chain":
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise ValueError(MARKER) from error
    if how == "unavailable":
        raise Unavailable(f"{MARKER}: the store is away")
    if how == "state":
        raise NotAllowedNow("The case is closed.", slug="case-closed")
    if how == "header":
        return Response(200, {}, {"X-Echo": f"{MARKER}\r\nSet-Cookie: a=b"})
    if how == "payload":
        return Response(200, {"x": {MARKER}})
    if how == "hang":
        eventlet.sleep(8)
    if how == "timeout":
        raise eventlet.Timeout(1)
    logging.getLogger("kombu").error("cannot decode %s", MARKER, exc_info=RuntimeError(MARKER))
    return Response(200, {})


@http.get("/v1/slow", roles="anyone")
def slow(parts: TinyParts) -> dict[str, Any]:
    """Takes until it is let go."""
    get_logger("slow").info("slow.entered")
    with eventlet.Timeout(15):
        while not Path(os.environ["LET_GO"]).exists():
            eventlet.sleep(0.02)
    return {"done": True}


def pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Web pages: one with a name, one that breaks, one that takes until it is let go, one that never ends."""
    name = environ["PATH_INFO"].removeprefix("/page/")
    route = "/page/<name>" if environ["PATH_INFO"].startswith("/page/") else ""
    if name == "broken":
        raise RuntimeError(f"{MARKER} {environ['QUERY_STRING']}")
    if name == "forever":
        eventlet.sleep(60)
    if name == "slow":
        slow(None)  # type: ignore[arg-type]
    body = environ["wsgi.input"].read()
    seen = {each: environ[each] for each in ("REQUEST_METHOD", "REMOTE_ADDR", "wsgi.url_scheme", "ngao.trace")}
    shown = dump({**seen, "name": name, "bytes": len(body)})
    cookies = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")]
    headers = [("Content-Type", "text/html; charset=utf-8"), ("X-Frame-Options", "DENY"), (pages_module.ROUTE, route), *cookies]
    start_response("200 OK" if route else "404 Not Found", headers)
    return [shown[:10], shown[10:]]


TinyService = build("tiny", "Visits, failures and patience.", TinyParts, (sys.modules[__name__],))


class Container(ServiceContainer):
    def __init__(self, chassis: Any) -> None:
        super().__init__(TinyService)
        self.chassis = chassis
        self.parts = TinyParts(chassis)
        self.parts.endpoints = TinyService.endpoints


def certificate() -> dict[str, Path]:
    folder = os.environ.get("TLS")
    return {"cert_file": Path(folder, "cert.pem"), "key_file": Path(folder, "key.pem")} if folder else {}


def make_chassis(missing: str | None) -> Any:
    health = Health()
    health.register("store", lambda: missing)
    port, shared = int(os.environ.get("PORT", "0")), "SHARED" in os.environ
    inside: dict[str, Any] = {"inside_port": int(os.environ["INSIDE"])} if "INSIDE" in os.environ else {}
    inside |= {"operators_port": int(os.environ["OPERATORS"])} if "OPERATORS" in os.environ else {}
    inside |= {"proxied_from": (os.environ["PROXIED"],)} if "PROXIED" in os.environ else {}
    settings = HttpSettings("127.0.0.1", port, "http://127.0.0.1", LIMIT, 500.0, 2, reuse_port=shared, **certificate(), **inside)
    operators = {
        "grace": Credential((hash_key(OPERATOR_KEY),), rights=dict.fromkeys(("outbox:read", *PARKED), WHOLE)),
        "intern": Credential((hash_key(INTERN_KEY),)),
    }
    return SimpleNamespace(
        name="tiny",
        settings=SimpleNamespace(http=settings),
        clock=SystemClock(),
        health=health,
        metrics=Metrics(),
        parking=Parked(),
        readings=Readings(),
        operators=operators,
        staff=StaffTokens("visits", Path("nowhere"), NO_ROLES),
        backlog=SimpleNamespace(status=lambda: {"pending": 0, "oldest_s": 0.0, "troubled": []}),
    )


def main() -> None:
    configure("tiny", "debug")
    pages_module.PAGE_SECONDS = float(os.environ.get("PAGES") or 15)
    container = Container(make_chassis(os.environ.get("MISSING")))
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(container.stop))
    container.start()
    while True:
        try:
            container.wait()
        except InterruptedError:
            continue
        return


if __name__ == "__main__":
    main()
