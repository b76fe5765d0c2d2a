"""What changes who learns what needs two operators: asked by one, approved by another, done once, or gone in time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pymongo
import pytest
import yaml

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal, new_key
from ngao.chassis.security.seals import new_key_pair
from ngao.chassis.security.staff_tokens import Staff, StaffIssuer
from ngao.contracts import subscriptions_of
from ngao.deployment.first_keys import init_staff_pair
from ngao.testing.broker import Line, provision
from ngao.testing.processes import PERIOD, ServiceProcess, World, start_all, stop_all
from ngao.testing.waiting import eventually
from tests.service.test_registry import MADE, accepted, new_identity, new_ref
from tests.support.auditing import on_record
from tests.support.forgetting import Held, opened
from tests.support.intake import AmqpSource

SERVICES = ("intake", "referral", "registry")
OPERATORS = ("asha", "baraka", "chege", "intern")
PUBLIC_KEY = new_key_pair()[1]
PARTNER: dict[str, Any] = {"name": "Wakili", "support_types": ["legal_aid"], "counties": ["*"], "capacity": 3}
CONSENT = {"granted": True, "purpose": "referral", "scope": ["contact"]}
OF_TWO = [
    pytest.param("intake", "PUT", "/v1/sources/hotline", {}, id="a new source key"),
    pytest.param("intake", "POST", "/v1/parked/p1/drop", {"reason": "of no use"}, id="a dropped parked message"),
    pytest.param("intake", "POST", "/v1/quarantine/q1/dismiss", {"reason": "of no use"}, id="a dismissed body in quarantine"),
    pytest.param("referral", "PUT", "/v1/partners/wakili", {**PARTNER, "public_key": PUBLIC_KEY}, id="a partner's key"),
    pytest.param("referral", "PUT", "/v1/partners/mpya", {**PARTNER, "signing_key": PUBLIC_KEY}, id="a partner's signing key"),
    pytest.param("registry", "DELETE", "/v1/defenders/DEF-0000000000/restrictions/wakili", None, id="a lifted restriction"),
    pytest.param("registry", "POST", "/v1/defenders/DEF-0000000000/consents", CONSENT, id="consent in a person's name"),
]


@pytest.fixture(scope="module")
def keys(world: World) -> dict[str, str]:
    made = {name: new_key("operator", name) for name in OPERATORS}
    init_staff_pair(world.directory / "keys" / "console", world.directory / "keys" / "public", PERIOD)
    scopes = json.loads((world.directory / "operators.json").read_text())["operators"][0]["scopes"]
    listed = [{"id": name, "hash": made[name][1], "scopes": [] if name == "intern" else scopes} for name in OPERATORS]
    (world.directory / "operators.json").write_text(json.dumps({"operators": listed}))
    return {name: key for name, (key, _) in made.items()}


@pytest.fixture(scope="module")
def signed_in(world: World, running: dict[str, ServiceProcess]) -> Callable[..., tuple[int, Any]]:
    """Ask a service as somebody who is signed in at the console with this role."""
    issuer = StaffIssuer(world.directory / "keys" / "console", world.directory / "keys" / "public")

    def ask(name: str, role: str, scope: str, service: str, *request: Any) -> Any:
        method, path, body = (*request, None)[:3]
        return running[service].request(method, path, body, issuer.token(Staff(name, (role,)), service, [scope]))

    return ask


@pytest.fixture(scope="module")
def running(world: World, keys: dict[str, str]) -> Iterator[dict[str, ServiceProcess]]:
    assert keys
    world.approvals = "two"
    provision(world, {name: subscriptions_of(name) for name in SERVICES})
    made = {name: ServiceProcess(*world.settings(name)) for name in SERVICES}
    start_all(made.values())
    yield made
    stop_all(made.values())


@pytest.fixture(scope="module")
def store(world: World) -> Iterator[Any]:
    client: Any = pymongo.MongoClient(world.parts.mongo)
    yield lambda service: client[world.database(service)]
    client.close()


class Desk:
    """One operator at one service."""

    def __init__(self, service: ServiceProcess, key: str) -> None:
        self.service, self.key = service, key

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.service.request(method, path, body, self.key)

    def approve(self, approval_id: str) -> tuple[int, Any]:
        return self.ask("POST", f"/v1/approvals/{approval_id}/approve")


@pytest.fixture
def desks(running: dict[str, ServiceProcess], keys: dict[str, str]) -> Any:
    return lambda service: [Desk(running[service], keys[name]) for name in OPERATORS]


@pytest.mark.parametrize(("service", "method", "path", "body"), OF_TWO)
def test_each_of_them_waits_and_whoever_asked_cannot_approve_it(
    desks: Any, service: str, method: str, path: str, body: Any
) -> None:
    asker, approver, _, intern = desks(service)
    status, asked = asker.ask(method, path, body)
    assert (status, asked["state"], asked["asked_by"]) == (202, "waiting", "asha")
    assert intern.approve(asked["id"])[1]["type"].endswith("/scope-needed")
    assert asker.approve(asked["id"])[1]["type"].endswith("/same-operator")
    shown = approver.ask("GET", f"/v1/approvals/{asked['id']}")[1]
    assert json.loads(shown["asked"] or "null") == body
    status, rejected = approver.ask("POST", f"/v1/approvals/{asked['id']}/reject", {"reason": "not agreed"})
    assert (status, rejected["state"], rejected["decided_by"]) == (200, "rejected", "baraka")
    assert approver.approve(asked["id"])[0] == 409


def test_a_source_key_is_made_once_and_only_whoever_asked_gets_it(desks: Any, store: Any) -> None:
    asker, approver, other, _ = desks("intake")
    asked = asker.ask("PUT", "/v1/sources/helpline", {"rate_per_second": 7.0})[1]
    assert asker.ask("GET", "/v1/sources/helpline")[0] == 404
    kept = store("intake")["approvals"].find_one({"_id": asked["id"]})
    assert b"rate_per_second" not in bytes(kept["asked"])
    status, decided = approver.approve(asked["id"])
    assert (status, decided["state"], decided["result_waits"]) == (200, "executed", True)
    assert "key" not in decided
    assert asker.ask("GET", "/v1/sources/helpline")[1]["rate_per_second"] == 7.0
    assert other.ask("POST", f"/v1/approvals/{asked['id']}/result")[0] == 409
    made = asker.ask("POST", f"/v1/approvals/{asked['id']}/result")[1]
    assert made["key"].startswith("ngao_source_helpline_")
    assert asker.ask("POST", f"/v1/approvals/{asked['id']}/result")[0] == 409
    kept = store("intake")["approvals"].find_one({"_id": asked["id"]})
    assert not {"asked", "result"} & kept.keys()
    assert store("intake")["data_keys"].count_documents({"scope": f"approval:{asked['id']}"}) == 0
    actors = {each["action"]: each["actor"] for each in on_record(store("intake")).find({"subject": asked["id"]})}
    assert actors["approval.asked"] == "operator:asha"
    assert actors["approval.executed"] == "operator:baraka"
    assert on_record(store("intake")).find_one({"action": "source.put", "subject": "helpline"})["actor"] == "operator:asha"


def test_a_person_of_the_console_asks_with_the_rights_of_her_roles_and_nobody_of_her_name_approves(
    desks: Any, signed_in: Any, store: Any
) -> None:
    asha, baraka, *_ = desks("intake")
    put = ("intake", "PUT", "/v1/sources/radio", {"rate_per_second": 3.0})
    assert signed_in("asha", "watch", "sources:write", *put)[1]["type"].endswith("/scope-needed")
    status, asked = signed_in("asha", "administrator", "sources:write", *put)
    assert (status, asked["asked_by"], asked["state"]) == (202, "asha", "waiting")
    assert asha.approve(asked["id"])[1]["type"].endswith("/same-operator")
    approve = ("approvals:write", "intake", "POST", f"/v1/approvals/{asked['id']}/approve")
    assert signed_in("asha", "approver", *approve)[1]["type"].endswith("/same-operator")
    status, decided = signed_in("chege", "approver", *approve)
    assert (status, decided["state"], decided["decided_by"]) == (200, "executed", "chege")
    assert baraka.ask("GET", "/v1/sources/radio")[1]["rate_per_second"] == 3.0
    assert on_record(store("intake")).find_one({"action": "source.put", "subject": "radio"})["actor"] == "operator:asha"


def test_what_a_role_may_no_longer_do_is_not_carried_out_for_whoever_asked_at_the_console(world: World, signed_in: Any) -> None:
    """Approved at a second process of the service, which has read a changed policy."""
    asked = signed_in("asha", "administrator", "sources:write", "intake", "PUT", "/v1/sources/letters", {})[1]
    reduced = {"overlay": True, "roles": {"administrator": {"may": {"all": {"remove": ["sources:write"]}}}}}
    changed = world.directory / "changed-policy"
    changed.mkdir()
    (changed / "roles.yaml").write_text(yaml.safe_dump(reduced))
    second = ServiceProcess(*world.settings("intake", policy=(changed,))).start()
    try:
        issuer = StaffIssuer(world.directory / "keys" / "console", world.directory / "keys" / "public")
        token = issuer.token(Staff("chege", ("approver",)), "intake", ["approvals:write"])
        status, refused = second.request("POST", f"/v1/approvals/{asked['id']}/approve", None, token)
        assert (status, refused["type"].rpartition("/")[2]) == (409, "asker-not-allowed")
    finally:
        second.stop()


def test_two_who_approve_at_the_same_moment_do_it_once(desks: Any, store: Any) -> None:
    asker, one, other, _ = desks("intake")
    for number in range(10):
        asked = asker.ask("PUT", f"/v1/sources/race-{number}", {})[1]
        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(status for status, _ in pool.map(lambda desk, at=asked["id"]: desk.approve(at), (one, other)))
        assert statuses == [200, 409]
        assert len(store("intake")["sources"].find_one({"_id": f"race-{number}"})["key_hashes"]) == 1


@dataclass
class Done:
    """An act of two at one service, and where its effect is seen: a record of the store, and the entry of the audit."""

    desks: list[Desk]
    database: Any
    action: str
    subject: str
    record: Callable[[], dict[str, Any]]

    def once(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Asked by one operator, approved by another; gives the record after it. All other attempts change nothing."""
        asker, approver, other, _ = self.desks
        before = self.record()
        status, asked = asker.ask(method, path, body)
        assert (status, asked["state"]) == (202, "waiting")
        status, refused = asker.approve(asked["id"])
        assert (status, refused["type"].rpartition("/")[2]) == (403, "same-operator")
        assert (self.record(), self._audited()) == (before, [])
        status, decided = approver.approve(asked["id"])
        assert (status, decided["state"], decided["decided_by"]) == (200, "executed", "baraka")
        after = self.record()
        assert after != before
        for desk in (asker, approver, other):
            assert desk.approve(asked["id"])[0] == 409
        assert (self.record(), self._audited()) == (after, ["operator:asha"])
        self._is_on_record(asked["id"])
        return after

    def _audited(self) -> list[str]:
        return [each["actor"] for each in on_record(self.database).find({"action": self.action, "subject": self.subject})]

    def _is_on_record(self, approval_id: str) -> None:
        (entry,) = on_record(self.database).find({"action": "approval.executed", "subject": approval_id})
        assert (entry["actor"], entry["detail"]["asked_by"]) == ("operator:baraka", "operator:asha")


@pytest.fixture
def person(world: World, running: dict[str, ServiceProcess], store: Any) -> str:
    """The reference of somebody whom a report was about."""
    case_ref = new_ref()
    Line(world).publish(accepted(world, case_ref, new_identity(), consent=[]))
    found = eventually(lambda: store("registry")["cases"].find_one({"_id": case_ref}), what="the case to be known")
    return str(found["defender_ref"])


@pytest.fixture
def of_the_person(desks: Any, store: Any, person: str) -> Callable[[str], Done]:
    database = store("registry")
    return lambda action: Done(desks("registry"), database, action, person, lambda: database["defenders"].find_one(person))


def test_a_lifted_restriction_is_lifted_once_by_two(of_the_person: Callable[[str], Done], person: str) -> None:
    act = of_the_person("restriction.lifted")
    asker, approver, _, _ = act.desks
    path = f"/v1/defenders/{person}/restrictions"
    assert asker.ask("POST", path, {"partner_id": "wakili", "reason": "safety"})[0] == 200
    assert [each["partner_id"] for each in act.record()["restrictions"]] == ["wakili"]
    lifted = act.once("DELETE", f"{path}/wakili")
    assert lifted["restrictions"] == []
    again = asker.ask("DELETE", f"{path}/wakili")[1]
    assert approver.approve(again["id"])[0] == 404
    assert act.record() == lifted


def test_a_consent_in_a_persons_name_is_recorded_once_by_two(of_the_person: Callable[[str], Done], person: str) -> None:
    after = of_the_person("consent.granted").once("POST", f"/v1/defenders/{person}/consents", CONSENT)
    (statement,) = after["statements"]
    assert (statement["granted"], statement["purpose"], statement["scope"]) == (True, "referral", ["contact"])


@pytest.fixture
def candidate(world: World, store: Any, person: str) -> tuple[str, str]:
    """A case whose person may be somebody known, and the reference of that one."""
    case_ref, database = new_ref(), store("registry")
    told = MADE[-1]
    Line(world).publish(accepted(world, case_ref, {**new_identity(), "names": [f"{told['names'][0]}a"]}, consent=[]))
    found = eventually(lambda: database["candidates"].find_one({"_id": case_ref}), what="the candidate to be there")
    assert person in {each["defender_ref"] for each in found["suggestions"]}
    return case_ref, person


def test_a_separation_that_frees_a_case_from_a_restriction_is_decided_by_two(
    desks: Any, store: Any, candidate: tuple[str, str]
) -> None:
    asker, approver, _, _ = desks("registry")
    case_ref, known = candidate
    path = f"/v1/defenders/{known}/restrictions"
    assert asker.ask("POST", path, {"partner_id": "wakili", "reason": "safety"})[0] == 200
    status, asked = asker.ask("POST", f"/v1/candidates/{case_ref}/separate")
    assert (status, asked["state"], asker.approve(asked["id"])[0]) == (202, "waiting", 403)
    kept = store("registry")["candidates"]
    assert kept.find_one({"_id": case_ref})["verdict"] == "open"
    assert approver.approve(asked["id"])[0] == 200
    assert kept.find_one({"_id": case_ref})["verdict"] == "separate"


def test_a_link_that_brings_a_consent_is_decided_by_two_and_one_that_brings_none_by_one(
    desks: Any, candidate: tuple[str, str]
) -> None:
    asker, approver, _, _ = desks("registry")
    case_ref, known = candidate
    path = f"/v1/candidates/{case_ref}"
    assert asker.ask("POST", f"{path}/link", {"defender_ref": known})[0] == 200
    assert asker.ask("POST", f"{path}/separate")[0] == 200
    consent = asker.ask("POST", f"/v1/defenders/{known}/consents", CONSENT)[1]
    assert approver.approve(consent["id"])[0] == 200
    assert asker.ask("POST", f"{path}/link", {"defender_ref": known})[0] == 202


@pytest.fixture
def outsider(world: World, running: dict[str, ServiceProcess]) -> Iterator[AmqpSource]:
    made = AmqpSource(world, f"outsider-{secrets.token_hex(4)}")
    yield made
    made.close()


def test_a_parked_message_is_dropped_once_by_two(desks: Any, store: Any, outsider: AmqpSource) -> None:
    outsider.post(b"no report")
    database, of_it = store("intake"), {"headers.x-ngao-user-id": outsider.account}
    parked = eventually(lambda: database["parked"].find_one(of_it), what="it to be parked")
    assert (parked["state"], bool(parked["body"])) == ("parked", True)
    act = Done(desks("intake"), database, "parked.dropped", parked["_id"], lambda: database["parked"].find_one(of_it))
    path, reason = f"/v1/parked/{parked['_id']}", {"reason": "of no use"}
    dropped = act.once("POST", f"{path}/drop", reason)
    assert (dropped["state"], dropped["body"]) == ("dropped", None)
    asker, approver, _, _ = act.desks
    assert asker.ask("POST", f"{path}/replay", reason)[0] == 409
    again = asker.ask("POST", f"{path}/drop", reason)[1]
    assert approver.approve(again["id"])[0] == 409
    assert act.record() == dropped


def test_what_fails_when_it_is_approved_is_over_and_says_why(desks: Any) -> None:
    asker, approver, _, _ = desks("registry")
    asked = asker.ask("DELETE", "/v1/defenders/DEF-0000000001/restrictions/wakili")[1]
    assert approver.approve(asked["id"])[0] == 404
    over = approver.ask("GET", f"/v1/approvals/{asked['id']}")[1]
    assert (over["state"], over["reason"]) == ("failed", "not-found")


def test_what_only_protects_and_what_changes_no_key_waits_for_nobody(desks: Any) -> None:
    asker = desks("registry")[0]
    withdrawn = {**CONSENT, "granted": False}
    assert asker.ask("POST", "/v1/defenders/DEF-0000000000/consents", withdrawn)[0] == 404
    referral, second = desks("referral")[:2]
    assert referral.ask("PUT", "/v1/partners/mganga", PARTNER)[0] == 201
    with_key = {**PARTNER, "public_key": PUBLIC_KEY}
    approval_id = referral.ask("PUT", "/v1/partners/mganga", with_key)[1]["id"]
    assert second.approve(approval_id)[0] == 200
    assert referral.ask("PUT", "/v1/partners/mganga", {**with_key, "capacity": 4})[0] == 200
    assert referral.ask("PUT", "/v1/partners/mganga", {**with_key, "public_key": new_key_pair()[1]})[0] == 202


def test_what_opens_a_known_partners_events_is_given_by_two(desks: Any, store: Any) -> None:
    one, second = desks("referral")[:2]
    path, partners = "/v1/partners/mshauri", store("referral")["partners"]
    assert one.ask("PUT", path, PARTNER)[0] == 201
    before = partners.find_one({"_id": "mshauri"})
    for change in ({"new_key": True, "vetted": True}, {"signing_key": PUBLIC_KEY}, {"public_key": PUBLIC_KEY, "new_key": True}):
        assert one.ask("PUT", path, {**PARTNER, **change})[0] == 202
    assert partners.find_one({"_id": "mshauri"}) == before
    asked = one.ask("PUT", path, {**PARTNER, "new_key": True})[1]
    assert second.approve(asked["id"])[0] == 200
    assert one.ask("POST", f"/v1/approvals/{asked['id']}/result")[1]["key"].startswith("ngao_partner_mshauri_")
    assert len(partners.find_one({"_id": "mshauri"})["key_hashes"]) == 2


def test_a_revoked_partner_comes_back_by_two_and_one_suffices_to_suspend(desks: Any, store: Any) -> None:
    one, second = desks("referral")[:2]
    path, partners = "/v1/partners/mtetezi", store("referral")["partners"]
    assert one.ask("PUT", path, PARTNER)[0] == 201
    assert one.ask("PUT", path, {**PARTNER, "suspended": True})[0] == 200
    assert one.ask("POST", f"{path}/revoke", {})[0] == 200
    assert one.ask("PUT", path, PARTNER)[0] == 409
    for change in ({}, {"vetted": True}):
        assert one.ask("PUT", path, {**PARTNER, **change, "new_key": True})[0] == 202
    assert (partners.find_one({"_id": "mtetezi"})["revoked"], partners.find_one({"_id": "mtetezi"})["key_hashes"]) == (True, [])
    asked = one.ask("PUT", path, {**PARTNER, "new_key": True})[1]
    assert second.approve(asked["id"])[0] == 200
    back = partners.find_one({"_id": "mtetezi"})
    assert (back["revoked"], len(back["key_hashes"])) == (False, 1)


def test_a_body_that_would_be_refused_is_refused_at_once(desks: Any) -> None:
    asker = desks("intake")[0]
    assert asker.ask("PUT", "/v1/sources/hotline", {"colour": "red"})[0] == 422
    assert asker.ask("POST", "/v1/parked/p1/drop", {})[0] == 422


@pytest.fixture(scope="module")
def held(world: World) -> Iterator[Held]:
    with opened(world, "intake") as intake:
        yield intake


def test_what_nobody_decides_in_time_is_gone(held: Held) -> None:
    approvals = held.chassis.approvals
    declared = SimpleNamespace(operation="putSource", method="PUT", path="/v1/sources/<source_id>", scope="sources:write")
    call = Call(Principal("operator", "asha"), b"{}", "application/json", {"dry": "no"}, "")
    asked = approvals.ask(declared, call, {"source_id": "late"})  # type: ignore[arg-type]
    held.pass_days(0.9)
    pending = approvals.pending(asked["id"], by="baraka")
    assert (pending.asked_by, pending.operation, pending.values) == ("asha", "putSource", {"source_id": "late"})
    assert (pending.query, pending.body, pending.content_type) == (call.query, call.body, call.content_type)
    held.pass_days(0.2)
    with pytest.raises(NotAllowedNow, match="expired"):
        approvals.pending(asked["id"], by="baraka")
    (kept,) = held.records("approvals", _id=asked["id"])
    assert kept["state"] == "expired"
    assert "asked" not in kept
    assert held.records("data_keys", scope=f"approval:{asked['id']}") == []
    assert asked["id"] in {each["subject"] for each in held.audited("approval.expired")}
