"""A service is built from what its functions declare: arguments, units and refusals."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any, Self, cast

import pytest
from marshmallow import Schema, fields, pre_load

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import Call, Parts, Response, UnitContext, always, build, every, http, itself, nothing
from ngao.chassis.security.identity import Principal
from ngao.contracts import DataClass


class Wish(Schema):
    """What is asked for."""

    word = fields.String(required=True, metadata={"class": DataClass.INTERNAL})


class Context(UnitContext):
    """The context of the tests' service."""

    service = "notify"


class Office(Parts[Context]):
    """Parts without a store; every unit that is opened is counted."""

    def __init__(self) -> None:
        self.units = cast("Any", self)
        self.opened: list[str] = []
        self.tries = 1

    @classmethod
    def open(cls, chassis: Any) -> Self:  # noqa: ARG003 - nothing of it is needed here
        return cls()

    def context(self, unit: Any, principal: Principal | None = None) -> Context:
        self.opened.append(unit.kind)
        return Context(unit, principal)

    def read(self, principal: Principal | None = None) -> Context:
        return self.context(SimpleNamespace(kind="read", now=None), principal)

    def run(self, work: Any, call: Any = None) -> Any:
        principal = call.principal if call else None
        return [work(self.context(SimpleNamespace(kind="run", now=None), principal)) for _ in range(self.tries)][-1]


@http.get("/v1/things/<thing_id>", roles="operator", scope="messages:read", audit=nothing("A thing."), returns=Wish)
def show_thing(ctx: Context, thing_id: str, *, colour: str = "red", reason: str) -> dict[str, Any]:
    """Show a thing.

    The rest of the docstring is no summary.
    """
    return {"id": thing_id, "colour": colour, "reason": reason, "actor": str(ctx.actor)}


@http.post(
    "/v1/things/<thing_id>", roles="operator", scope="messages:write", audit=itself("thing.put"), request=Wish, two_person=always,
    returns=Wish,
)
def change_thing(ctx: Context, thing_id: str, body: dict[str, Any]) -> None:
    """Change a thing."""
    assert ctx.actor.id == "grace"
    assert thing_id == body["word"]


@http.post("/v1/many", roles="source")
def post_many(office: Office, call: Call) -> Response:
    """Post many things."""
    return Response(202, {"by": call.principal.id, "opened": list(office.opened)})


@every(seconds=7)
def tidy(ctx: Context) -> None:
    """Tidy up."""
    assert str(ctx.actor) == "service:notify"


def _module(*functions: Any) -> ModuleType:
    module = ModuleType(__name__)
    for each in functions:
        setattr(module, each.__name__, each)
    return module


def _call(given: bytes = b"", schema: Any = None, *, query: dict[str, str] | None = None) -> Call:
    return Call(Principal("operator", "grace"), given, "application/json", query or {}, "", schema=schema)


@pytest.fixture
def service() -> Any:
    made = build("notify", "The tests' service.", Office, [_module(show_thing, change_thing, post_many, tidy)])()
    made.parts = Office()
    return made


def _run(service: Any, operation: str, call: Call, **values: str) -> Any:
    return service.endpoints[operation].run(service.parts, call, values)


def test_an_argument_comes_from_where_its_name_says(service: Any) -> None:
    answer = _run(service, "showThing", _call(query={"reason": "audit"}), thing_id="t1")
    assert answer == {"id": "t1", "colour": "red", "reason": "audit", "actor": "operator:grace"}


@pytest.mark.parametrize("query", [{}, {"reason": ""}])
def test_a_query_parameter_without_a_default_is_required(service: Any, query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        _run(service, "showThing", _call(query=query), thing_id="t1")
    assert [each.pointer for each in refused.value.errors] == ["/reason"]


def test_what_only_reads_opens_no_unit_that_is_committed(service: Any) -> None:
    _run(service, "showThing", _call(query={"reason": "audit"}), thing_id="t1")
    _run(service, "changeThing", _call(b'{"word": "t1"}', Wish), thing_id="t1")
    service.tidy()
    assert service.parts.opened == ["read", "run", "run"]


def test_a_body_is_read_once_however_often_its_unit_runs(service: Any) -> None:
    read: list[str] = []

    class Noted(Wish):
        @pre_load
        def note(self, data: dict[str, str], **_: Any) -> dict[str, str]:
            read.append(data["word"])
            return data

    service.parts.tries = 3
    _run(service, "changeThing", _call(b'{"word": "t1"}', Noted), thing_id="t1")
    assert (read, service.parts.opened) == (["t1"], ["run"] * 3)


def test_a_broken_body_opens_no_unit(service: Any) -> None:
    with pytest.raises(InvalidInput):
        _run(service, "changeThing", _call(b"{}", Wish), thing_id="t1")
    assert service.parts.opened == []


def test_nothing_to_answer_is_an_answer_without_a_body(service: Any) -> None:
    assert _run(service, "changeThing", _call(b'{"word": "t1"}', Wish), thing_id="t1") == Response(204, None)


def test_a_handler_on_the_parts_opens_its_units_itself(service: Any) -> None:
    assert _run(service, "postMany", _call()).payload == {"by": "grace", "opened": []}


def test_the_declaration_is_what_is_described(service: Any) -> None:
    found = {name: each.operation for name, each in service.endpoints.items()}
    assert found["showThing"].summary == "Show a thing."
    assert set(found["showThing"].query) == {"colour", "reason"}
    assert found["changeThing"].two_person is always


def _built(*functions: Any) -> None:
    build("notify", "", Office, [_module(*functions)])


def test_an_operation_of_operators_without_a_scope_does_not_start() -> None:
    with pytest.raises(TypeError, match="scope"):

        @http.get("/v1/open", roles="operator", audit=nothing("Open."))
        def open_to_all(ctx: Context) -> dict[str, Any]:
            """Show it."""
            return {"now": ctx.now}


@pytest.mark.parametrize("roles", ["operators", (), ("source", "anybody")])
def test_an_operation_for_unknown_callers_does_not_start(roles: str | tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match="roles"):

        @http.get("/v1/open", roles=roles)
        def open_to_unknown(ctx: Context) -> dict[str, Any]:
            """Show it."""
            return {"now": ctx.now}


def test_a_parameter_that_nothing_fills_does_not_start() -> None:
    @http.get("/v1/things/<thing_id>", roles="source")
    def misnamed(ctx: Context, thing: str) -> dict[str, Any]:
        """Show it."""
        return {"now": ctx.now, "thing": thing}

    with pytest.raises(TypeError, match="thing_id"):
        _built(misnamed)


def test_a_body_without_a_request_does_not_start() -> None:
    @http.post("/v1/things", roles="source")
    def bodiless(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
        """Take it."""
        return {"now": ctx.now, **body}

    with pytest.raises(TypeError, match="request"):
        _built(bodiless)


def test_a_function_without_a_context_does_not_start() -> None:
    @every(seconds=1)
    def lost(number: int) -> None:
        """Run."""

    with pytest.raises(TypeError, match="context"):
        _built(lost)


def test_two_functions_of_one_name_or_the_name_of_a_page_of_the_chassis_do_not_start() -> None:
    @http.get("/v1/nothing", roles="anyone")
    def readyz(ctx: Context) -> dict[str, Any]:
        """Show it."""
        return {"now": ctx.now}

    with pytest.raises(TypeError, match="readyz"):
        _built(readyz)


def test_two_operations_of_one_name_do_not_start() -> None:
    @http.get("/v1/other", roles="source", operation="postMany")
    def show_other(ctx: Context) -> dict[str, Any]:
        """Show it."""
        return {"now": ctx.now}

    with pytest.raises(TypeError, match="postMany"):
        _built(post_many, show_other)
