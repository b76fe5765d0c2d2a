"""Every operator operation of every service demands a scope, and a key without it is refused before any handler runs."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import ScopeNeeded
from ngao.chassis.handlers import http
from ngao.chassis.http.gate import Gate
from ngao.chassis.http.openapi import describe
from ngao.chassis.http.operation import Operation
from ngao.chassis.security.identity import Authenticator, Credential, new_key
from ngao.chassis.security.roles import NO_ROLES, rights_of
from ngao.contracts import SERVICES as NAMES
from ngao.kernel.scopes import SCOPES
from tests.support.documents import operations, service_class
from tests.support.each import for_each

SERVICES = [service_class(name) for name in NAMES]
FOR_OPERATORS = [
    pytest.param(declared, id=f"{service.name}.{declared.operation}")
    for service in SERVICES
    for declared in operations(service)
    if "operator" in declared.roles
]


def _admit(declared: Operation, scopes: tuple[str, ...]) -> None:
    key, hashed = new_key("operator", "intern")
    known = Authenticator(None, {"intern": Credential((hashed,), rights=rights_of(scopes, (), NO_ROLES))})
    Gate(known, SystemClock(), 100.0, 100).admit(declared.roles, declared.scope, f"Bearer {key}", "127.0.0.1")


@for_each("declared", FOR_OPERATORS)
def test_an_operator_without_the_scope_is_refused_whatever_other_scopes_there_are(declared: Operation) -> None:
    for scopes in ((), tuple(SCOPES.keys() - {declared.scope})):
        with pytest.raises(ScopeNeeded) as refused:
            _admit(declared, scopes)
        assert refused.value.scope == declared.scope
    _admit(declared, (declared.scope,))


def test_every_scope_that_is_demanded_is_known() -> None:
    assert {param.values[0].scope for param in FOR_OPERATORS} <= SCOPES.keys()  # type: ignore[union-attr]


@for_each("service", SERVICES, ids=lambda each: each.name)
def test_the_reference_shows_the_scope_of_each_operation(service: type[Any]) -> None:
    shown = {
        operation["operationId"]: operation.get("x-scope")
        for path in describe(service.name, service.endpoints)["paths"].values()
        for operation in path.values()
    }
    assert shown == {each.operation: each.scope or None for each in operations(service)}


@pytest.mark.parametrize("needs", ["", "everything", "Cases:read", "cases:delete"])
def test_an_operator_operation_without_a_scope_stops_the_start(needs: str) -> None:
    with pytest.raises(TypeError, match="declares the scope"):
        http.get("/v1/all", roles=("source", "operator"), operation="all", scope=needs)(lambda: None)
