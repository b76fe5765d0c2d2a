"""A service's own pages ask its operations with the rights of a person: nothing is weaker than over HTTP."""

from __future__ import annotations

import json
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, fields

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import Parts, UnitContext, always, build, http, itself, nothing
from ngao.chassis.http.here import ask_here
from ngao.chassis.http.operation import Operation
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.contracts import DataClass

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class Thing(Schema):
    """A thing with a field that not every role sees."""

    id = fields.String(required=True, metadata={"class": DataClass.INTERNAL})
    code = fields.String(metadata={"class": DataClass.SENSITIVE})


class Office(Parts[UnitContext]):
    """Parts without a store; a request that needs a second operator is noted."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.chassis: Any = SimpleNamespace(approvals=self, readings=None)
        self.mode = "single"

    def ask(self, declared: Operation, call: Any, values: Any) -> dict[str, str]:
        self.asked.append((declared.operation, call.principal.id))
        return {"id": "approval", **values}

    def context(self, unit: Any, principal: Principal | None = None) -> UnitContext:
        return UnitContext(unit, principal)

    def read(self, principal: Principal | None = None) -> UnitContext:
        return self.context(None, principal)

    def run(self, work: Any, call: Any = None) -> Any:
        return work(self.context(None, call.principal))


@http.get("/v1/things/<thing_id>", roles="operator", scope="staff:read", audit=nothing("A thing."), returns=Thing)
def show_thing(ctx: UnitContext, thing_id: str, *, colour: str = "red") -> dict[str, Any]:
    """Show a thing."""
    if thing_id == "none":
        raise NotFound("There is no such thing.")
    return {"id": f"{thing_id} {colour} {ctx.actor}", "code": "1234"}


@http.put(
    "/v1/things/<thing_id>", roles="operator", scope="staff:write", audit=itself("thing.put"), request=Thing, returns=Thing,
    two_person=always,
)  # fmt: skip
def put_thing(ctx: UnitContext, thing_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put a thing."""
    assert thing_id == body["id"]
    return {"id": str(ctx.actor)}


@http.get("/v1/secrets", roles="source")
def show_secrets(ctx: UnitContext) -> dict[str, Any]:
    """Show what is for sources."""
    raise AssertionError(ctx)


@pytest.fixture
def office() -> Office:
    module = ModuleType(__name__)
    for each in (show_thing, put_thing, show_secrets):
        setattr(module, each.__name__, each)
    made = Office()
    made.endpoints = build("notify", "The tests' service.", Office, [module]).endpoints
    return made


def _person(**rights: Grant) -> Principal:
    return Principal("operator", "amina", {name.replace("_", ":"): grant for name, grant in rights.items()}, roles=("helper",))


def _asked(office: Office, person: Principal, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    found = ask_here(office, person, TRACE, method, path, body=body)
    return found.status, json.loads(found.body)


def test_an_operation_runs_in_the_name_of_the_person(office: Office) -> None:
    person = _person(staff_read=Grant())
    assert _asked(office, person, "GET", "/v1/things/t1?colour=blue") == (
        200, {"id": "t1 blue operator:amina", "code": "1234"},
    )  # fmt: skip


def test_a_field_that_the_role_does_not_see_is_left_out(office: Office) -> None:
    person = _person(staff_read=Grant(sees=frozenset({DataClass.INTERNAL})))
    assert _asked(office, person, "GET", "/v1/things/t1") == (200, {"id": "t1 red operator:amina"})


def test_a_person_without_the_scope_is_refused(office: Office) -> None:
    status, problem = _asked(office, _person(staff_read=Grant()), "PUT", "/v1/things/t1", {"id": "t1"})
    assert (status, problem["type"].rpartition("/")[2]) == (403, "scope-needed")


def test_an_act_of_two_waits_for_the_second_and_its_form_is_checked_before(office: Office) -> None:
    office.mode, person = "two", _person(staff_write=Grant())
    assert _asked(office, person, "PUT", "/v1/things/t1", {"id": "t1"}) == (202, {"id": "approval", "thing_id": "t1"})
    assert office.asked == [("putThing", "amina")]
    assert _asked(office, person, "PUT", "/v1/things/t1", {"ID": "t1"})[0] == 422
    assert len(office.asked) == 1
    office.mode = "single"
    assert _asked(office, person, "PUT", "/v1/things/t1", {"id": "t1"}) == (200, {"id": "operator:amina"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/things/none"), ("GET", "/v1/secrets"), ("DELETE", "/v1/things/t1"), ("GET", "/v1/none"), ("GET", "/healthz")],
)
def test_what_is_not_there_or_not_for_operators_is_not_found(office: Office, method: str, path: str) -> None:
    person = _person(staff_read=Grant(), staff_write=Grant())
    status, problem = _asked(office, person, method, path)
    assert (status, problem["type"].rpartition("/")[2]) == (404, "not-found")
