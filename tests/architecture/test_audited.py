"""Every operator operation of every service declares what it puts on record, and what it declares exists."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.handlers import http
from ngao.chassis.http.auditing import Audited, Itself, Lists, Nothing, Shows, itself, lists, nothing, shows
from ngao.chassis.http.openapi import describe
from ngao.chassis.http.operation import Operation
from ngao.contracts import SERVICES as NAMES
from tests.support.documents import operations, service_class
from tests.support.each import for_each
from tests.support.trees import parsed

ROOT = Path(__file__).parents[2]
SERVICES = [service_class(name) for name in NAMES]
FOR_OPERATORS = [
    pytest.param(service, declared, id=f"{service.name}.{declared.operation}")
    for service in SERVICES
    for declared in operations(service)
    if "operator" in declared.roles
]
WITH_AN_ACTOR = {"audit", "record", "journal", "tell", "tell_of", "_close", "close"}
SHOW_NO_RECORD = {
    "getPartner", "listPartners", "showSource", "listSources", "showSealingKey", "showKeys",
    "verifyAudit", "verifyAuditFrom", "showHeldHeads", "showAuditHeads", "showSystem", "listAccounts",
    "countCandidates", "listCheckins", "showCheckin", "listCheckinsOf", "checkPolicy", "listReadings", "listNetworks",
    "listTrainings",
    "showProtectionTerms",
    "previewReport",
}  # fmt: skip
"""All that operators may read without a trace: whoever adds one argues for it here."""


def _answer() -> None:
    """What is declared in vain."""


@cache
def _source(service: type[Any]) -> str:
    """The code of a service and of the chassis, without the declarations above its functions: those only promise an action."""
    folders = (Path(inspect.getfile(service)).parent, ROOT / "ngao" / "chassis")
    return "".join(_undecorated(file) for folder in folders for file in folder.rglob("*.py"))


@cache
def _undecorated(file: Path) -> str:
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    return ast.unparse(tree)


@for_each(("service", "declared"), FOR_OPERATORS)
def test_what_a_use_case_should_put_on_record_itself_it_can(service: type[Any], declared: Operation) -> None:
    if isinstance(declared.audit, Itself):
        source = _source(service)
        made = {each for each in declared.audit.actions if f"f'{each.partition('.')[0]}.{{" in source}
        assert set(declared.audit.actions) == made | {each for each in declared.audit.actions if f"'{each}'" in source}


def test_only_these_read_without_a_trace() -> None:
    assert {each.values[1].operation for each in FOR_OPERATORS if isinstance(each.values[1].audit, Nothing)} == SHOW_NO_RECORD  # type: ignore[union-attr]


@for_each("service", SERVICES, ids=lambda each: each.name)
def test_the_reference_shows_what_each_operation_puts_on_record(service: type[Any]) -> None:
    shown = {
        operation["operationId"]: "x-audit" in operation
        for path in describe(service.name, service.endpoints)["paths"].values()
        for operation in path.values()
    }
    assert shown == {each.operation: "operator" in each.roles for each in operations(service)}


@pytest.mark.parametrize(
    ("audit", "needs"),
    [
        pytest.param(None, "cases:read", id="undeclared"),
        pytest.param(nothing(""), "cases:read", id="no reason why not"),
        pytest.param(itself(), "cases:read", id="no action"),
        pytest.param(shows("case.read", "ref"), "cases:read", id="not its variable"),
        pytest.param(nothing("It is quick."), "cases:write", id="a change without a trace"),
        pytest.param(lists("cases"), "cases:write", id="a change as a list"),
    ],
)
def test_an_operator_operation_without_a_sound_declaration_stops_the_start(audit: Audited | None, needs: str) -> None:
    with pytest.raises(TypeError, match="all"):
        http.get("/v1/all", roles=("source", "operator"), operation="all", scope=needs, audit=audit)(_answer)


def test_what_others_call_needs_no_declaration() -> None:
    http.get("/v1/mine", roles="source")(_answer)
    assert all(isinstance(each.values[1].audit, Lists | Shows | Itself | Nothing) for each in FOR_OPERATORS)  # type: ignore[union-attr]


def test_no_entry_names_its_actor_by_a_text_of_its_own() -> None:
    """mypy holds the type; this finds what an Any would let through."""
    written = [
        f"{file}:{call.lineno}"
        for folder in ("ngao", "services")
        for file in (ROOT / folder).rglob("*.py")
        for call in ast.walk(parsed(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in WITH_AN_ACTOR
        for given in call.keywords
        if given.arg == "actor" and isinstance(given.value, ast.Constant | ast.JoinedStr)
    ]
    assert not written
