"""Roles are policy, and each service enforces them by itself: every operation is called as every role, by key and by token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.http.operation import VARIABLE, Operation
from ngao.chassis.security.identity import new_key
from ngao.chassis.security.roles import Grant, Role, read_roles
from ngao.chassis.security.staff_tokens import Staff, StaffIssuer
from ngao.contracts import SERVICES, subscriptions_of
from ngao.deployment.first_keys import init_staff_pair
from ngao.testing.broker import provision
from ngao.testing.processes import PERIOD, ServiceProcess, World, start_all, stop_all
from ngao.testing.waiting import eventually
from tests.support.documents import operations, service_class
from tests.support.each import for_each
from tests.support.intake import onboard, report
from tools.generating.roles import cell

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "deploy" / "policy"
ROLES = read_roles((POLICY,))
SMTP = '[own.smtp]\nhost = "127.0.0.1"\nport = 1\nfrom = "desk@example.org"\ntls = "none"\n'
"""Nothing is sent here."""
BLIND = "blind"
"""A role that a coalition adds: it may do everything, and sees nothing sensitive."""
KEEPER = "keeper"
"""Another one: it works on the cases that the person owns."""
OWN_CASES = ("cases:read", "cases:write")
MATRIX = {**ROLES, KEEPER: Role("works on cases of one's own", dict.fromkeys(OWN_CASES, Grant("own")))}
NAIROBI, MOMBASA = "KE-30", "KE-28"
CALLED = [
    pytest.param(service, declared, id=f"{service}.{declared.operation}")
    for service in SERVICES
    for declared in operations(service_class(service))
    if "operator" in declared.roles
]


@pytest.fixture(scope="module")
def keys(world: World) -> dict[str, str]:
    """A key for each role, for one of the coalition's own, and for a convenor of another hub; and a pair for staff tokens."""
    init_staff_pair(world.directory / "keys" / "console", world.directory / "keys" / "public", PERIOD)
    made = {name: new_key("operator", name) for name in (*ROLES, BLIND, KEEPER, "elsewhere")}
    file = world.directory / "operators.json"
    listed = json.loads(file.read_text())["operators"]
    for name, (_, hashed) in made.items():
        of_hub = {"hubs": [MOMBASA if name == "elsewhere" else NAIROBI]}
        listed.append({"id": name, "hash": hashed, "roles": ["hub-convenor" if name == "elsewhere" else name], **of_hub})
    file.write_text(json.dumps({"operators": listed}))
    return {name: key for name, (key, _) in made.items()}


@pytest.fixture(scope="module")
def running(world: World, keys: dict[str, str]) -> Iterator[dict[str, ServiceProcess]]:
    """All services, which read the keys at their start."""
    assert keys
    provision(world, {name: subscriptions_of(name) for name in SERVICES})
    own, policy = {"notify": SMTP}, world.directory / "policy"
    policy.mkdir()
    blind = {"does": "sees codes alone", "sees": ["public", "internal"], "may": {"all": ["*"]}}
    keeper = {"does": "works on cases of one's own", "sees": ["public", "internal"], "may": {"own": [*OWN_CASES]}}
    (policy / "roles.yaml").write_text(yaml.safe_dump({"overlay": True, "roles": {BLIND: blind, KEEPER: keeper}}))
    assert set(read_roles((POLICY, policy))) == {*ROLES, BLIND, KEEPER}
    made = {name: ServiceProcess(*world.settings(name, own.get(name, ""), (policy,))) for name in SERVICES}
    start_all(made.values())
    yield made
    stop_all(made.values())


@pytest.fixture(scope="module")
def token(world: World, keys: dict[str, str]) -> Callable[..., str]:
    """Make a token of a person with one role, for a service and a scope."""
    assert keys
    issuer = StaffIssuer(world.directory / "keys" / "console", world.directory / "keys" / "public")
    return lambda role, service, scope: issuer.token(Staff(f"{role}-person", (role,), (NAIROBI,)), service, [scope])


@pytest.fixture(scope="module")
def cases(running: dict[str, ServiceProcess], world: World) -> dict[str, str]:
    """A case in each of two counties, known to referral."""
    key = onboard(running["intake"], world, "forms")
    made = {}
    for county, phone in ((NAIROBI, "0700 000 201"), (MOMBASA, "0700 000 202")):
        subject = {"identity": {"names": [f"Invented {county}"], "phones": [phone]}}
        body = report(location={"scheme": "iso3166-2", "code": county}, subject=subject)
        status, receipt = running["intake"].request("POST", "/v1/reports", body, key)
        assert status == 202, receipt
        made[county] = str(receipt["case_ref"])
    for case_ref in made.values():
        path = f"/v1/cases/{case_ref}"
        eventually(lambda at=path: running["referral"].request("GET", at, None, world.operator_key)[0] == 200, what="both cases")
    return made


def _refused(answer: tuple[int, Any]) -> bool:
    """Whether the role was refused; that the record does not exist, or the body is not valid, comes after that."""
    status = answer[0]
    assert status < 500, answer
    assert status != 401, answer
    return status == 403


def _query(declared: Operation, role: Role) -> str:
    if "reason" not in declared.query or declared.scope not in role.rights:
        return ""
    allowed = role.rights[declared.scope].purposes
    return f"?reason={sorted(allowed)[0]}" if allowed else "?reason=case_work"


@for_each(("service", "declared"), CALLED)
@pytest.mark.thorough
@pytest.mark.timeout(400)
def test_every_role_is_answered_or_refused_as_the_matrix_says(
    running: dict[str, ServiceProcess], keys: dict[str, str], token: Callable[..., str], service: str, declared: Operation
) -> None:
    path = VARIABLE.sub("none-0", declared.path)
    body = None if declared.method in {"GET", "DELETE"} else {}
    found = {
        name: not _refused(running[service].request(declared.method, path + _query(declared, role), body, keys[name]))
        for name, role in MATRIX.items()
    }
    assert found == {name: bool(cell(declared, role)) for name, role in MATRIX.items()}
    assert found["all"]
    by_token = {
        name: not _refused(
            running[service].request(declared.method, path + _query(declared, role), body, token(name, service, declared.scope))
        )
        for name, role in MATRIX.items()
    }
    assert by_token == {**found, "all": False}, "the role `all` is for keys only"


def test_a_convenor_is_shown_the_cases_of_her_hub_and_another_is_answered_as_one_that_does_not_exist(
    running: dict[str, ServiceProcess], keys: dict[str, str], cases: dict[str, str]
) -> None:
    for name, own, other in (("hub-convenor", NAIROBI, MOMBASA), ("elsewhere", MOMBASA, NAIROBI)):
        status, listed = running["referral"].request("GET", "/v1/cases", None, keys[name])
        assert (status, {each["county"] for each in listed["cases"]}) == (200, {own})
        assert cases[own] in {each["case_ref"] for each in listed["cases"]}
        for service, method, path, body in (
            ("referral", "GET", "/v1/cases/{}", None),
            ("referral", "GET", "/v1/cases/{}/match", None),
            ("referral", "POST", "/v1/cases/{}/match", {}),
            ("referral", "POST", "/v1/cases/{}/owner", {"owner": name}),
            ("referral", "POST", "/v1/cases/{}/needs/legal_aid/settle", {"reason": "met"}),
            ("intake", "GET", "/v1/cases/{}/report?reason=case_work", None),
            ("intake", "GET", "/v1/cases/{}/flags?reason=case_work", None),
            ("intake", "POST", "/v1/cases/{}/urgency", {"urgency": "high", "reason": "new_information"}),
        ):
            forbidden, unknown = (
                running[service].request(method, path.format(ref), body, keys[name]) for ref in (cases[other], "7Q2K9F0000")
            )
            assert forbidden[0] in {404, 422}, (path, forbidden)
            assert _without_ids(forbidden) == _without_ids(unknown), path
        assert running["referral"].request("GET", f"/v1/cases/{cases[own]}", None, keys[name])[0] == 200


def _without_ids(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], {name: value for name, value in answer[1].items() if name not in {"error_id", "instance"}}


def test_fields_of_a_class_that_the_role_does_not_see_are_left_out(
    running: dict[str, ServiceProcess], keys: dict[str, str], cases: dict[str, str]
) -> None:
    person = f"/v1/defenders?case_ref={cases[NAIROBI]}&reason=case_work"
    words = f"/v1/cases/{cases[NAIROBI]}/narrative?reason=case_work"

    def asked(service: str, path: str, role: str) -> tuple[int, Any]:
        answer: tuple[int, Any] = running[service].request("GET", path, None, keys[role])
        return answer

    eventually(lambda: asked("registry", person, "caseworker")[0] == 200, what="the person to be known")
    assert "Invented KE-30" in json.dumps(asked("registry", person, "caseworker")[1])
    assert asked("intake", words, "caseworker")[1]["narrative"] == report()["narrative"]
    status, shown = asked("intake", words, BLIND)
    assert (status, shown) == (200, {"case_ref": cases[NAIROBI]})
    status, shown = asked("registry", person, BLIND)
    assert status == 200
    assert shown["defender_ref"]
    assert [word for word in ("Invented", "names", "phones", "emails") if word in json.dumps(shown)] == []


def test_a_role_may_give_its_own_reasons_only(
    running: dict[str, ServiceProcess], keys: dict[str, str], cases: dict[str, str]
) -> None:
    path = f"/v1/cases/{cases[NAIROBI]}/narrative?reason="
    status, problem = running["intake"].request("GET", f"{path}case_work", None, keys["data-officer"])
    assert (status, problem["type"].rpartition("/")[2]) == (403, "purpose-not-allowed")
    assert running["intake"].request("GET", f"{path}data_subject_request", None, keys["data-officer"])[0] == 200

