"""What two roles mean together, what a role's bounds leave of an answer, and how a mistake in the file is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from marshmallow import Schema, fields

from ngao.chassis.errors import Misconfigured
from ngao.chassis.handlers import http
from ngao.chassis.handlers.declaring import declared
from ngao.chassis.http.auditing import nothing
from ngao.chassis.http.bounds import OutOfReach, PurposeNotAllowed, as_seen, check_bounds
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.operation import Operation
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE, Grant, Role, read_roles, rights_of
from ngao.contracts import SERVICES
from ngao.contracts.classes import INTERNAL, SENSITIVE, DataClass
from ngao.kernel.scopes import REACHES, SCOPES
from tests.support.documents import operations, service_class
from tests.support.each import for_each
from tests.support.inventory import declared as fields_of

SHIPPED = read_roles((Path(__file__).resolve().parents[3] / "deploy" / "policy",))
CODES = frozenset({DataClass.PUBLIC, DataClass.INTERNAL})


class Inner(Schema):
    phone = fields.String(metadata=SENSITIVE)
    code = fields.String(metadata=INTERNAL)
    unmarked = fields.String()


class Shown(Schema):
    name = fields.String(metadata=SENSITIVE)
    ref = fields.String(data_key="reference", metadata=INTERNAL)
    one = fields.Nested(Inner, allow_none=True, metadata=INTERNAL)
    many = fields.List(fields.Nested(Inner), metadata=INTERNAL)
    pairs = fields.Nested(Inner, many=True, metadata=INTERNAL)


ANSWER = {"name": "n", "reference": "r", "one": {"phone": "p", "code": "c", "unmarked": "u"}, "many": [{"phone": "p"}],
          "pairs": [], "more": "of an unknown field"}  # fmt: skip


def show(_: Any) -> None:
    """Shows."""


def _operation(**changes: Any) -> Operation:
    made = http.get("/v1/things", roles="operator", scope="cases:read", audit=nothing("A test."), returns=Shown)(show)
    operation: Operation = declared(made)[-1]
    return replace(operation, **changes)


def _call(grant: Grant, **query: str) -> Call:
    return Call(Principal("operator", "asha", grant=grant), b"", "application/json", query, "")


def test_what_a_role_does_not_see_is_left_out_at_every_depth() -> None:
    seen = as_seen(ANSWER, _operation(), _call(Grant(sees=CODES)))
    assert (seen.status, seen.payload) == (200, {"reference": "r", "one": {"code": "c"}, "many": [{}], "pairs": []})
    assert as_seen(ANSWER, _operation(), _call(WHOLE)) is ANSWER
    assert as_seen({"one": None}, _operation(), _call(Grant(sees=CODES))).payload == {"one": None}


def test_an_answer_without_a_schema_shows_nothing_and_an_empty_one_stays_as_it_is() -> None:
    bare = Response(204, None)
    assert as_seen(bare, _operation(responses={204: None}), _call(Grant(sees=CODES))) is bare
    assert as_seen(Response(201, ANSWER), _operation(), _call(Grant(sees=CODES))).payload == {}


def test_a_bounded_reach_is_refused_where_an_operation_does_not_heed_it() -> None:
    with pytest.raises(OutOfReach):
        check_bounds(_operation(), _call(Grant(reach="hub")))
    check_bounds(_operation(bounded=("hub",)), _call(Grant(reach="hub")))
    with pytest.raises(OutOfReach, match="own"):
        check_bounds(_operation(bounded=("hub",)), _call(Grant(reach="own")))
    check_bounds(_operation(bounded=("hub", "own")), _call(Grant(reach="own")))
    check_bounds(_operation(), _call(WHOLE))
    assert Principal("operator", "a", hubs=frozenset({"KE-30"}), grant=Grant(reach="hub")).reaches("KE-30")
    assert not Principal("operator", "a", hubs=frozenset({"KE-30"}), grant=Grant(reach="hub")).reaches("KE-28")
    assert not Principal("operator", "a", grant=Grant(reach="hub")).reaches("")
    assert Principal("operator", "a").reaches("KE-28")


def test_who_reaches_their_own_records_is_held_to_the_owner_and_not_to_a_hub() -> None:
    amina = Principal("operator", "amina", hubs=frozenset({"KE-30"}), grant=Grant(reach="own"))
    assert amina.reaches("KE-28", "amina")
    assert [owner for owner in ("juma", "", None) if amina.reaches("KE-30", owner)] == []
    assert not amina.reaches("KE-30")
    assert (amina.hubs_reached, amina.owners_reached) == (None, {"amina"})
    convenor = replace(amina, grant=Grant(reach="hub"))
    assert convenor.reaches("KE-30", "juma")
    assert not convenor.reaches("KE-28", "amina")
    assert (convenor.hubs_reached, convenor.owners_reached) == ({"KE-30"}, None)
    assert replace(amina, grant=WHOLE).reaches("KE-28", "juma")


def test_a_reach_that_no_one_knows_is_bounded_all_the_same() -> None:
    assert not Principal("operator", "a", grant=Grant(reach="newer")).reaches("KE-30", "a")


@pytest.mark.parametrize("bounded", ["hub", ("hubs",), (True,)])
def test_an_operation_that_heeds_a_reach_that_is_none_stops_the_start(bounded: Any) -> None:
    with pytest.raises(TypeError, match="bounded is some of all, hub, own"):
        _operation(bounded=bounded)


def test_a_reason_that_the_role_may_not_give_is_refused_where_a_reason_is_asked_for() -> None:
    grant = Grant(purposes=frozenset({"correction"}))
    with pytest.raises(PurposeNotAllowed, match="correction"):
        check_bounds(_operation(query=("reason",)), _call(grant, reason="curiosity"))
    check_bounds(_operation(query=("reason",)), _call(grant, reason="correction"))
    check_bounds(_operation(), _call(grant))


def test_of_two_roles_the_wider_one_counts_and_two_that_differ_are_refused() -> None:
    roles = {
        "narrow": Role("n", {"cases:read": Grant("hub", CODES)}),
        "wide": Role("w", {"cases:read": Grant("all", CODES)}),
        "deep": Role("d", {"cases:read": Grant("hub", frozenset(DataClass))}),
    }
    for names in (("narrow", "wide"), ("wide", "narrow")):
        assert rights_of((), names, roles)["cases:read"] == roles["wide"].rights["cases:read"]
    with pytest.raises(Misconfigured, match="bound cases:read differently"):
        rights_of((), ("wide", "deep"), roles)
    assert rights_of(("cases:read",), ("narrow",), roles)["cases:read"] == WHOLE
    assert rights_of((), ("nobody",), roles) == {}


def test_of_a_hubs_records_and_ones_own_neither_includes_the_other() -> None:
    hub, own = Grant("hub", CODES), Grant("own", CODES)
    assert not hub.includes(own)
    assert not own.includes(hub)
    assert Grant("all", CODES).includes(own)
    roles = {"hub": Role("h", {"cases:read": hub}), "own": Role("o", {"cases:read": own})}
    with pytest.raises(Misconfigured, match="bound cases:read differently"):
        rights_of((), ("hub", "own"), roles)
    assert list(REACHES) == ["all", "hub", "own", "partner"]


def test_a_role_names_a_scope_with_one_reach_or_with_all_besides(tmp_path: Path) -> None:
    def reach_of(**may: list[str]) -> str:
        role = {"does": "listens", "sees": ["internal"], "may": may}
        (tmp_path / "roles.yaml").write_text(yaml.safe_dump({"roles": {"listener": role}}))
        return read_roles((tmp_path,))["listener"].rights["cases:read"].reach

    assert reach_of(own=["cases:read"]) == "own"
    assert reach_of(own=["cases:read"], all=["cases:read"]) == "all"
    assert reach_of(hub=["*"], all=["cases:read"]) == "all"
    assert reach_of(hub=["cases:read"], own=["cases:write"]) == "hub"
    with pytest.raises(Misconfigured, match=r"roles\.listener.*may.*cases:read has two reaches"):
        reach_of(hub=["*"], own=["cases:read"])


@pytest.mark.parametrize(
    ("role", "named"),
    [
        ({"does": "listens", "sees": ["internal"], "may": {"all": ["cases:all"]}}, "may"),
        ({"does": "listens", "sees": ["everything"], "may": {"all": ["cases:read"]}}, "sees"),
        ({"does": "listens", "sees": ["internal"], "may": {"world": ["cases:read"]}}, "may"),
        ({"does": "listens", "sees": [], "may": {}}, "sees"),
        ({"sees": ["internal"], "may": {}}, "does"),
        ({"does": "listens", "sees": ["internal"], "may": {}, "purposes": []}, "purposes"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path: Path, role: dict[str, Any], named: str) -> None:
    (tmp_path / "roles.yaml").write_text(yaml.safe_dump({"roles": {"listener": role}}))
    with pytest.raises(Misconfigured, match=rf"roles\.listener.*{named}"):
        read_roles((tmp_path,))


def test_every_scope_is_somebodys_work_and_the_role_for_one_person_has_all() -> None:
    held = {scope for name, role in SHIPPED.items() if name != "all" for scope in role.rights}
    assert held == set(SCOPES) == set(SHIPPED["all"].rights)


def test_a_bounded_reach_is_given_only_where_operations_heed_it() -> None:
    declared_here = [each for name in SERVICES for each in operations(service_class(name))]
    for role in SHIPPED.values():
        for scope, grant in role.rights.items():
            if grant.reach != "all":
                assert {grant.reach in each.bounded for each in declared_here if each.scope == scope} == {True}, scope


def test_who_owns_a_case_is_heeded_where_it_is_known() -> None:
    heeding = {
        name: {each.operation for each in operations(service_class(name)) if "own" in each.bounded}
        for name in ("intake", "registry", "referral", "notify")
    }
    scopes = {"cases:read", "cases:write"}
    about_cases = {each.operation for each in operations(service_class("referral")) if each.scope in scopes}
    assert heeding == {"intake": set(), "registry": set(), "referral": about_cases, "notify": set()}


@for_each("service", SERVICES)
def test_every_field_of_every_answer_to_operators_has_a_class(service: str) -> None:
    for operation in operations(service_class(service)):
        if "operator" not in operation.roles:
            continue
        for schema in filter(None, (operation.responses or {}).values()):
            bare = [path for path, field in fields_of(schema) if "class" not in field.metadata]
            assert bare == [], (operation.operation, bare)
