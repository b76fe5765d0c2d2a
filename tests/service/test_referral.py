"""Referral as a process of its own: real broker, real store, partners over AMQP and HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.messaging import onboarding
from ngao.chassis.messaging.onboarding import AccountFile, Edge
from ngao.chassis.security.seals import key_id, new_key_pair
from ngao.contracts import Event, decode, encode, make, subscriptions_of
from tests.support.broker import Line, management_of, provision
from tests.support.processes import ROOT, ServiceProcess, World
from tests.support.waiting import eventually

INTAKE_HEARS = tuple(name for name in subscriptions_of("intake") if name.startswith("referral."))


@dataclass
class Desk:
    """What a partner's own system has: its broker account, its queues, its bearer key, its sealing key."""

    id: str
    line: Line
    process: ServiceProcess
    account: AccountFile
    key: str
    public_key: str
    heard: list[Event] = field(default_factory=list)

    def hears(self, kind: str, case: str) -> Event:
        return eventually(lambda: self._find(kind, case), what=f"{kind} of {case} at {self.id}")

    def _find(self, kind: str, case: str) -> Event | None:
        for queue in (self.account.queues["urgent"], self.account.queues["routine"]):
            self.heard.extend(decode(body) for _, body in self.line.take(queue))
        return next((each for each in self.heard if (each.type, each.subject) == (f"referral.{kind}.v1", case)), None)

    def says(self, verb: str, offer_id: str, *, as_user: str | None = None, **data: str) -> None:
        event = make(
            f"partner.offer.{verb}.v1", subject=offer_id, data={"offer_id": offer_id, **data}, source=f"/partners/{self.id}"
        )
        key = f"{self.id}.{verb}"
        self.line.publish_raw(encode(event), key, exchange="partner-replies", message_id=event.id, user_id=as_user)

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.process.request(method, path, body, self.key)


def quick_policy(directory: Path) -> Path:
    """The coalition's own deadlines, with seconds for hours where a test waits."""
    directory.mkdir()
    policy = yaml.safe_load((ROOT / "deploy" / "policy" / "deadlines.yaml").read_text())
    policy["resolve_by"] = 2
    policy["urgencies"]["critical"] = {"respond_by": 2, "start_by": 2, "complete_by": 60, "match_again": 60}
    (directory / "deadlines.yaml").write_text(yaml.safe_dump(policy))
    return directory


@pytest.fixture(scope="module")
def referral(world: World) -> Iterator[ServiceProcess]:
    provision(world, {"referral": subscriptions_of("referral"), "intake": INTAKE_HEARS})
    settings, port = world.settings("referral", policy=(quick_policy(world.directory / "policy"),))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@pytest.fixture
def line(world: World) -> Line:
    return Line(world)


@pytest.fixture
def case() -> str:
    return f"NG-{secrets.token_hex(5).upper()}"


@pytest.fixture
def need() -> str:
    """A support type of this test's own, so that no other test's partner fits."""
    return f"support_{secrets.token_hex(4)}"


@pytest.fixture
def partner(world: World, referral: ServiceProcess, need: str) -> Iterator[Any]:
    """Onboards partners for the test's own need; their accounts go with the test."""
    management, made = management_of(world), []

    def onboard(**changes: Any) -> Desk:
        name = f"p-{secrets.token_hex(5)}"
        edge = Edge(world.edge_vhost, world.parts.amqp_host, world.parts.amqp_port)
        account = onboarding.onboard_partner(management, edge, name)
        made.append(name)
        public_key = new_key_pair()[1]
        body = {"name": name, "support_types": [need], "counties": ["KE-30"], "languages": ["sw"], "capacity": 5,
                "vetted": True, "public_key": public_key, **changes}
        status, answer = referral.request("PUT", f"/v1/partners/{name}", body, world.operator_key)
        assert status == 201, answer
        return Desk(name, Line(world, edge=True), referral, account, answer["key"], public_key)

    yield onboard
    for name in made:
        onboarding.revoke(management, "partner", name, sleep=lambda _: None)


def accepted_report(case: str, need: str, urgency: str = "high", *, consent: bool = True) -> Event:
    now = datetime.now(UTC)
    agreed = [{"purpose": "referral", "scope": ["contact"], "recipient": None, "until": None}] if consent else []
    data = {
        "report_id": f"r-{case}", "case_ref": case, "source_id": "form", "received_at": now, "occurred_at": now,
        "urgency": urgency, "urgency_reasons": [], "policy_version": "p", "reporter_role": "self", "violations": [],
        "needs": [need], "county": "KE-30", "languages": ["sw"], "consent": agreed, "has_narrative": False,
    }
    return make("intake.report.accepted.v1", subject=case, data=data, urgent=urgency == "critical")


def resolved(case: str, *never: str) -> Event:
    restrictions = [{"kind": "never_refer", "partner_id": each, "reason": None} for each in never]
    data = {"case_ref": case, "defender_ref": "DEF-0000000001", "resolution": "new", "restrictions": restrictions,
            "contact": {"may_contact": False, "channels": []}}
    return make("registry.defender.resolved.v1", subject=case, data=data)


def consent_withdrawn(case: str) -> Event:
    data = {"case_ref": case, "defender_ref": None, "purpose": "referral", "scope": [], "recipient": None, "granted": False,
            "effective_at": datetime.now(UTC) + timedelta(seconds=1)}
    return make("registry.consent.changed.v1", subject=case, data=data)


def opens(line: Line, case: str, need: str, urgency: str = "high", never: tuple[str, ...] = ()) -> None:
    line.publish(resolved(case, *never))
    line.publish(accepted_report(case, need, urgency))


def story(process: ServiceProcess, world: World, case: str) -> dict[str, Any]:
    status, answer = process.request("GET", f"/v1/cases/{case}", None, world.operator_key)
    return answer if status == 200 else {}


def hops(process: ServiceProcess, world: World, case: str) -> list[str]:
    return [hop["what"] for hop in story(process, world, case).get("story", [])]


def told_inside(line: Line, case: str, *kinds: str) -> list[Event]:
    """What intake's own queues have heard of a case, of these kinds, each event once."""
    found = {}
    for kind in kinds:
        for queue in (f"intake.referral.{kind}.v1", f"intake.referral.{kind}.v1.urgent"):
            for event in (decode(body) for _, body in line.take(queue)):
                found[event.id] = event
    return [event for event in found.values() if event.subject == case]


def test_partners_reply_over_http_and_the_story_tells_it_all(referral, world, line, partner, case, need) -> None:
    desk = partner()
    opens(line, case, need)
    offer_id = desk.hears("offered", case).data["offer_id"]
    for verb, body in (("receipt", None), ("accept", {}), ("start", None), ("complete", {"outcome": "helped"})):
        status, answer = desk.asks("POST", f"/v1/offers/{offer_id}/{verb}", body)
        assert status == 200, answer
    accepted = desk.hears("accepted", case)
    assert accepted.data["partner_public_key"] == desk.public_key
    assert accepted.data["partner_key_id"] == key_id(desk.public_key)
    told = hops(referral, world, case)
    assert told[-7:] == ["case.opened", "offered", "received", "accepted", "started", "completed", "case.closed"]
    assert story(referral, world, case)["closed_reason"] == "all_settled"
    inside = eventually(lambda: told_inside(line, case, "case.closed"))
    assert inside[0].data["reason"] == "all_settled"


def test_the_same_events_many_times_make_one_offer(referral, world, line, partner, case, need) -> None:
    desk = partner()
    line.publish(resolved(case), times=5)
    line.publish(accepted_report(case, need), times=5)
    line.publish(resolved(case))
    desk.hears("offered", case)
    eventually(lambda: hops(referral, world, case).count("defender.learnt") == 2)
    assert hops(referral, world, case).count("offered") == 1
    assert desk.asks("GET", "/v1/partners/me")[1]["asked"] == 1


def test_silence_expires_the_offer_and_asks_the_next(referral, world, line, partner, case, need) -> None:
    desks = [partner(), partner()]
    opens(line, case, need, "critical")
    eventually(lambda: hops(referral, world, case).count("unroutable") == 1, what="both silent, a human told")
    assert hops(referral, world, case).count("expired") == 2
    for desk in desks:
        expired = desk.hears("expired", case)
        assert expired.urgent
        status, problem = desk.asks("POST", f"/v1/offers/{expired.data['offer_id']}/decline", {"reason": "no_capacity"})
        assert (status, problem["type"].rpartition("/")[2]) == (409, "offer-state")
        assert "expired" in problem["detail"]


def test_the_registrys_silence_is_told_to_a_human(referral, world, line, partner, case, need) -> None:
    partner()
    line.publish(accepted_report(case, need))
    eventually(lambda: "unroutable" in hops(referral, world, case))
    event = eventually(lambda: told_inside(line, case, "unroutable"))[0]
    assert (event.data["reason"], event.data["told"]) == ("registry_silent", "duty_officer")


def test_withdrawn_consent_recalls_and_catch_up_tells_it_in_order(referral, world, line, partner, case, need) -> None:
    desk = partner()
    opens(line, case, need)
    offer_id = desk.hears("offered", case).data["offer_id"]
    assert desk.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 200
    assert desk.asks("GET", "/v1/partners/me/events?limit=1")[1]["events"][0]["type"] == "referral.offered.v1"
    line.publish(consent_withdrawn(case))
    desk.hears("recalled", case)
    page = desk.asks("GET", "/v1/partners/me/events?after=1")[1]
    assert [each["type"] for each in page["events"]] == ["referral.accepted.v1", "referral.recalled.v1"]
    assert page["next_after"] == 3
    assert desk.asks("GET", "/v1/partners/me/events?after=3")[1] == {"events": [], "next_after": 3}
    heard = {event.id for event in desk.heard}
    assert {each["id"] for each in page["events"]} <= heard, "the same ids as over AMQP"
    assert desk.asks("GET", "/v1/partners/me")[1]["held"] == 0


def test_the_match_is_explained_without_offering_anything(referral, world, line, partner, case, need) -> None:
    kept_away, far = partner(), partner(counties=["KE-28"])
    opens(line, case, need, never=(kept_away.id,))
    eventually(lambda: "unroutable" in hops(referral, world, case))
    path = f"/v1/cases/{case}/match?partner_id={far.id}"
    status, answer = referral.request("GET", path, None, world.operator_key)
    assert status == 200
    (match,) = answer["matches"]
    assert match["candidates"] == []
    assert {each["partner_id"]: each["reason"]["rule"] for each in match["excluded"]} == {kept_away.id: "restriction"}
    assert match["asked_about"]["rule"] == "county"
    near = partner()
    status, _ = referral.request("POST", f"/v1/cases/{case}/match", None, world.operator_key)
    assert status == 200
    near.hears("offered", case)


def test_a_partner_sees_only_its_own_offers(referral, world, line, partner, case, need) -> None:
    desk, other = partner(), partner(counties=["KE-28"])
    opens(line, case, need)
    offer_id = desk.hears("offered", case).data["offer_id"]
    assert other.asks("GET", f"/v1/offers/{offer_id}")[0] == 404
    assert other.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 404
    assert desk.asks("GET", f"/v1/offers/{offer_id}")[1]["state"] == "offered"
    assert desk.asks("GET", f"/v1/cases/{case}")[0] == 403


def test_a_reply_under_another_name_is_parked(referral, world, line, partner, case, need) -> None:
    desk = partner()
    opens(line, case, need)
    offer_id = desk.hears("offered", case).data["offer_id"]
    desk.says("accept", offer_id, as_user=world.user)

    def parked() -> list[dict[str, Any]]:
        entries = referral.request("GET", "/v1/parked", None, world.operator_key)[1]["parked"]
        return [each for each in entries if each["reason"] == "forbidden"]

    eventually(parked, what="the false reply to be parked")
    assert desk.asks("GET", f"/v1/offers/{offer_id}")[1]["state"] == "offered"


def test_a_partner_keeps_its_key_until_it_is_rotated(referral, world, partner, need) -> None:
    desk = partner()
    body = {"name": "renamed", "support_types": [need], "counties": ["*"], "capacity": 1}
    status, answer = referral.request("PUT", f"/v1/partners/{desk.id}", body, world.operator_key)
    assert (status, answer["key"], answer["public_key"]) == (200, None, desk.public_key)
    rotated = referral.request("PUT", f"/v1/partners/{desk.id}?rotate=true", body, world.operator_key)[1]["key"]
    for key in (desk.key, rotated):
        assert referral.request("GET", "/v1/partners/me", None, key)[0] == 200
    suspended = {**body, "suspended": True}
    referral.request("PUT", f"/v1/partners/{desk.id}", suspended, world.operator_key)
    assert referral.request("GET", "/v1/partners/me", None, rotated)[0] == 401


def test_a_broken_partner_is_refused_with_every_field_named(referral, world) -> None:
    body = {"name": "x", "support_types": ["Legal Aid"], "counties": ["Nairobi"], "capacity": -1, "public_key": "nokey", "colour": 1}
    status, problem = referral.request("PUT", "/v1/partners/some-partner", body, world.operator_key)
    assert status == 422
    pointers = {each["pointer"] for each in problem["errors"]}
    assert pointers == {"/support_types/0", "/counties/0", "/capacity", "/public_key", "/colour"}
