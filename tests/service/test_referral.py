"""Referral as a process of its own: real broker, real store, partners over AMQP and HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika
import pytest
import yaml

from ngao.broker import onboarding
from ngao.broker.onboarding import AccountFile, Edge
from ngao.chassis.security.seals import key_id, new_key_pair
from ngao.contracts import CONTENT_TYPE, Event, decode, encode, make, subscriptions_of
from ngao.testing.broker import Line, management_of, provision
from ngao.testing.processes import ROOT, ServiceProcess, World, free_port
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from tests.support.cases import text_of
from tests.support.command import ngao
from tests.support.monitoring import Page
from tests.support.readers import Readers

STORE_OF = "referral"
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
    operator_key: str
    heard: list[Event] = field(default_factory=list)

    def hears(self, kind: str, case: str) -> Event:
        return eventually(lambda: self._find(kind, case), what=f"{kind} of {case} at {self.id}")

    def _find(self, kind: str, case: str) -> Event | None:
        for queue in (self.account.queues["urgent"], self.account.queues["routine"]):
            self.heard.extend(decode(body) for _, body in self.line.take(queue))
        refs = {case} | self.refs_of(case)  # an answer to a reply is about an offer
        return next((each for each in self.heard if each.type == f"referral.{kind}.v1" and each.subject in refs), None)

    def refs_of(self, case: str) -> set[str]:
        """The references by which partners know a case."""
        status, story = self.process.request("GET", f"/v1/cases/{case}", None, self.operator_key)
        return {each["partner_case_ref"] for each in story["offers"]} if status == 200 else set()

    def says(self, verb: str, offer_id: str, **data: str) -> None:
        """Reply with the partner's own broker account, and no more rights than that has."""
        self.posts(verb, encode(self.reply(verb, offer_id, **data)))

    def posts(self, verb: str, body: bytes) -> None:
        """The same with any body."""
        edge = self.account.edge
        login = pika.PlainCredentials(self.account.username, self.account.password)
        connection = pika.BlockingConnection(pika.ConnectionParameters(edge.host, edge.port, edge.vhost, login))
        channel = connection.channel()
        channel.confirm_delivery()
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE, user_id=self.account.username, message_id=secrets.token_hex(8)
        )
        channel.basic_publish("partner-replies", f"{self.id}.{verb}", body, properties, mandatory=True)
        connection.close()

    def is_imitated(self, user: str, verb: str, offer_id: str) -> None:
        """Somebody else publishes a reply under this partner's routing key."""
        event = self.reply(verb, offer_id)
        self.line.publish_raw(encode(event), f"{self.id}.{verb}", exchange="partner-replies", message_id=event.id, user_id=user)

    def reply(self, verb: str, offer_id: str, **data: str) -> Event:
        said = {"offer_id": offer_id, **data}
        return make(f"partner.offer.{verb}.v1", subject=offer_id, data=said, source=f"/partners/{self.id}")

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.process.request(method, path, body, self.key)


OWN_SUPPORTS = [f"support_{number:04}" for number in range(400)]
SUPPORTS = iter(OWN_SUPPORTS)


def quick_policy(directory: Path) -> Path:
    """The coalition's own deadlines, with seconds for hours where a test waits, and a support type for each test."""
    directory.mkdir()
    policy = yaml.safe_load((ROOT / "deploy" / "policy" / "deadlines.yaml").read_text())
    policy["resolve_by"] = 2
    policy["urgencies"]["critical"] = {"respond_by": 2, "start_by": 2, "complete_by": 60, "match_again": 60}
    policy["urgencies"]["medium"]["disclose_by"] = 1
    (directory / "deadlines.yaml").write_text(yaml.safe_dump(policy))
    lists = yaml.safe_load((ROOT / "deploy" / "policy" / "support_types.yaml").read_text())
    lists["support_types"] |= {name: {"label": {"en": name, "sw": name}} for name in OWN_SUPPORTS}
    (directory / "support_types.yaml").write_text(yaml.safe_dump(lists))
    return directory


@pytest.fixture(scope="module")
def referral(world: World) -> Iterator[ServiceProcess]:
    provision(world, {"referral": subscriptions_of("referral"), "intake": INTAKE_HEARS})
    settings, port = world.settings("referral", policy=(quick_policy(world.directory / "policy"),))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@dataclass
class Scene:
    """One test's case, with a support type of its own, so that no other test's partner fits."""

    referral: ServiceProcess
    world: World
    line: Line
    case: str = field(default_factory=lambda: f"NG-{secrets.token_hex(5).upper()}")
    need: str = field(default_factory=lambda: next(SUPPORTS))
    onboarded: list[str] = field(default_factory=list)

    def partner(self, **changes: Any) -> Desk:
        name = f"p-{secrets.token_hex(5)}"
        edge = Edge(self.world.edge_vhost, self.world.parts.amqp_host, self.world.parts.amqp_port)
        account = onboarding.onboard(management_of(self.world), edge, "partner", name)
        self.onboarded.append(name)
        public_key = new_key_pair()[1]
        body = {"name": name, "support_types": [self.need], "counties": ["KE-30"], "languages": ["sw"], "capacity": 5,
                "vetted": True, "public_key": public_key, **changes}
        status, answer = self.asks("PUT", f"/v1/partners/{name}", body)
        assert status == 201, answer
        return Desk(name, Line(self.world, edge=True), self.referral, account, answer["key"], public_key, self.world.operator_key)

    def opens(self, urgency: str = "high", never: tuple[str, ...] = ()) -> None:
        self.line.publish(resolved(self.case, *never))
        self.line.publish(accepted_report(self.case, self.need, urgency))

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """As the operator."""
        return self.referral.request(method, path, body, self.world.operator_key)

    def story(self) -> dict[str, Any]:
        status, answer = self.asks("GET", f"/v1/cases/{self.case}")
        return answer if status == 200 else {}

    def hops(self) -> list[str]:
        return [hop["what"] for hop in self.story().get("story", [])]

    def overdue(self, what: str) -> float:
        """What Prometheus would read."""
        return Page(self.referral.request("GET", "/metrics")[1].decode()).value("ngao_overdue", what=what)

    def told_inside(self, *kinds: str) -> list[Event]:
        """What intake's own queues have heard of the case, of these kinds, each event once."""
        found = {}
        for kind in kinds:
            for queue in (f"intake.referral.{kind}.v1", f"intake.referral.{kind}.v1.urgent"):
                for event in (decode(body) for _, body in self.line.take(queue)):
                    found[event.id] = event
        return [event for event in found.values() if event.subject == self.case]


@pytest.fixture
def scene(world: World, referral: ServiceProcess) -> Iterator[Scene]:
    made = Scene(referral, world, Line(world))
    yield made
    for name in made.onboarded:
        onboarding.revoke(management_of(world), "partner", name, sleep=lambda _: None)


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


def test_two_partners_know_one_case_by_references_of_their_own(scene: Scene) -> None:
    first, second = scene.partner(languages=["sw"]), scene.partner(languages=["so"])
    scene.opens()
    asked = first.hears("offered", scene.case)
    assert first.asks("POST", f"/v1/offers/{asked.data['offer_id']}/decline", {"reason": "no_capacity"})[0] == 200
    next_asked = second.hears("offered", scene.case)
    assert first.asks("GET", f"/v1/offers/{asked.data['offer_id']}")[1]["case_ref"] == asked.data["case_ref"] == asked.subject
    assert len({scene.case, asked.subject, next_asked.subject}) == 3
    assert (asked.sequence, next_asked.sequence) == (1001, 1001), "how many were asked before is not in the number"
    for desk in (first, second):
        told = [encode(each).decode() for each in desk.heard] + [json.dumps(desk.asks("GET", "/v1/partners/me/events")[1])]
        assert not [each for each in told if scene.case in each or "case_salt" in each or "traceparent" in each]
    offers = scene.story()["offers"]
    assert [each["partner_case_ref"] for each in offers] == [asked.subject, next_asked.subject]


def test_an_offer_shows_what_policy_allows_and_the_rest_comes_with_the_acceptance(scene: Scene) -> None:
    desk, readers = scene.partner(), Readers()
    scene.opens()
    offered = desk.hears("offered", scene.case)
    assert readers.beyond("partner", offered) == set()
    assert (offered.data["county"], offered.data["region"], offered.data["languages"]) == ("", "nairobi", [])
    assert desk.asks("GET", f"/v1/offers/{offered.data['offer_id']}")[1]["reasons"] == []
    assert desk.asks("POST", f"/v1/offers/{offered.data['offer_id']}/accept", {})[0] == 200
    accepted = desk.hears("accepted", scene.case)
    assert readers.beyond("partner", accepted) == set()
    assert (accepted.data["county"], accepted.data["languages"]) == ("KE-30", ["sw"])


def test_a_story_that_an_earlier_version_wrote_names_its_actors_in_the_form_of_today(scene: Scene, store: Any) -> None:
    desk = scene.partner()
    scene.opens()
    desk.hears("offered", scene.case)
    written = ("operator-amina", f"partner-{desk.id}", "referral", "notify")
    assert scene.story()["story"], "all steps are in their place"
    steps = [each["_id"] for each in store["story"].find({"case_ref": scene.case}).limit(len(written))]
    for step, actor in zip(steps, written, strict=False):
        store["story"].update_one({"_id": step}, {"$set": {"actor": actor}})
    now = ("operator:amina", f"partner:{desk.id}", "service:referral", "service:notify")
    assert {each["actor"] for each in scene.story()["story"]} >= set(now[: len(steps)])


def test_partners_reply_over_http_and_the_story_tells_it_all(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    for verb, body in (("receipt", None), ("accept", {}), ("start", None), ("complete", {"outcome": "helped"})):
        status, answer = desk.asks("POST", f"/v1/offers/{offer_id}/{verb}", body)
        assert status == 200, answer
    accepted = desk.hears("accepted", scene.case)
    assert accepted.data["partner_public_key"] == desk.public_key
    assert accepted.data["partner_key_id"] == key_id(desk.public_key)
    told = scene.hops()
    assert told[-7:] == ["case.opened", "offered", "received", "accepted", "started", "completed", "case.closed"]
    assert scene.story()["closed_reason"] == "all_settled"
    assert {each["actor"] for each in scene.story()["story"]} >= {f"partner:{desk.id}", "service:referral", "service:intake"}
    inside = eventually(lambda: scene.told_inside("case.closed"), what="the closing to be told inside")
    assert inside[0].data["reason"] == "all_settled"


def test_partners_reply_over_amqp_in_any_order(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    for verb, data in (("complete", {"outcome": "advised"}), ("start", {}), ("accept", {}), ("receipt", {}), ("accept", {})):
        desk.says(verb, offer_id, **data)
    eventually(lambda: scene.story().get("state") == "closed", what="the case to close")
    told = [hop for hop in scene.hops() if hop in {"accepted", "started", "completed"}]
    assert told == ["accepted", "started", "completed"]
    assert desk.hears("accepted", scene.case).data["accepted_at"]
    (completed,) = eventually(lambda: scene.told_inside("completed"), what="the completion to be told inside")
    assert completed.data["outcome"] == "advised"


def test_a_late_acceptance_over_amqp_is_answered_by_the_state(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    scene.line.publish(consent_withdrawn(scene.case))
    first = desk.hears("withdrawn", scene.case)
    desk.heard.clear()
    desk.says("accept", offer_id)
    answer = desk.hears("withdrawn", scene.case)
    assert (answer.id != first.id, answer.data["offer_id"], answer.data["reason"]) == (True, offer_id, "consent_withdrawn")
    assert "reply.late" in scene.hops()


def test_the_same_events_many_times_make_one_offer(scene: Scene) -> None:
    desk = scene.partner()
    scene.line.publish(resolved(scene.case), times=5)
    scene.line.publish(accepted_report(scene.case, scene.need), times=5)
    scene.line.publish(resolved(scene.case))
    desk.hears("offered", scene.case)
    eventually(lambda: scene.hops().count("defender.learnt") == 2, what="both answers of the registry to be learnt")
    assert scene.hops().count("offered") == 1
    assert desk.asks("GET", "/v1/partners/me")[1]["asked"] == 1


def test_silence_expires_the_offer_and_asks_the_next(scene: Scene) -> None:
    desks = [scene.partner(), scene.partner()]
    scene.opens("critical")
    eventually(lambda: scene.hops().count("unroutable") == 1, what="both silent, a human told")
    assert scene.hops().count("expired") == 2
    for desk in desks:
        expired = desk.hears("expired", scene.case)
        assert expired.urgent
        status, problem = desk.asks("POST", f"/v1/offers/{expired.data['offer_id']}/decline", {"reason": "no_capacity"})
        assert (status, problem["type"].rpartition("/")[2]) == (409, "offer-state")
        assert "expired" in problem["detail"]


def test_a_refused_acceptance_has_its_coded_reason_over_http_and_amqp(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    assert desk.asks("POST", f"/v1/offers/{offer_id}/decline", {"reason": "no_capacity"})[0] == 200
    status, problem = desk.asks("POST", f"/v1/offers/{offer_id}/accept", {})
    assert (status, problem["type"].rpartition("/")[2]) == (409, "offer-state")
    desk.says("accept", offer_id)
    answer = desk.hears("reply.answered", offer_id)
    assert (answer.data["offer_id"], answer.data["taken"], answer.data["reason"]) == (offer_id, False, "offer-state")
    for errors in (problem["errors"], answer.data["errors"]):
        assert [(each["pointer"], each["code"]) for each in errors] == [("/offer_id", "no_capacity")]


def test_an_acceptance_of_what_was_taken_back_has_the_reason_as_its_code(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    scene.line.publish(consent_withdrawn(scene.case))
    desk.hears("withdrawn", scene.case)
    status, problem = desk.asks("POST", f"/v1/offers/{offer_id}/accept", {})
    assert status == 409
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/offer_id", "consent_withdrawn")]


def test_a_partner_without_a_queue_disturbs_nobody_and_its_waiting_events_are_in_the_list(scene: Scene, world: World) -> None:
    absent = scene.partner()
    with absent.line.open() as channel:
        for queue in (absent.account.queues["urgent"], absent.account.queues["routine"]):
            channel.queue_delete(absent.line.name_of(queue))
    scene.opens()

    def undelivered() -> dict[str, int]:
        code, printed = ngao(world, "partner", "list", "--json", referral=scene.referral)
        assert code == 0, printed
        return {each["id"]: each.get("undelivered") or 0 for each in json.loads(printed)}

    eventually(lambda: undelivered()[absent.id] == 1, within=20, what="the waiting offer to be in the list")
    present = Scene(scene.referral, world, scene.line, onboarded=scene.onboarded)
    desk = present.partner()
    present.opens()
    assert desk.hears("offered", present.case)
    assert undelivered()[desk.id] == 0
    status, report = scene.referral.request("GET", "/readyz")
    assert (status, report["checks"]["relay"]) == (200, "ok")
    eventually(lambda: absent.id in str(scene.referral.request("GET", "/readyz")[1]["warnings"]), what="it to be named")


def test_the_registrys_silence_is_told_to_a_human(scene: Scene) -> None:
    scene.partner()
    scene.line.publish(accepted_report(scene.case, scene.need))
    eventually(lambda: "unroutable" in scene.hops(), what="the need to be unroutable")
    event = eventually(lambda: scene.told_inside("unroutable"), what="the silence to be told inside")[0]
    assert (event.data["reason"], event.data["told"]) == ("registry_silent", "duty_officer")


def test_withdrawn_consent_recalls_and_catch_up_tells_it_in_order(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    assert desk.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 200
    assert desk.asks("GET", "/v1/partners/me/events?limit=1")[1]["events"][0]["type"] == "referral.offered.v1"
    scene.line.publish(consent_withdrawn(scene.case))
    desk.hears("recalled", scene.case)
    page = desk.asks("GET", "/v1/partners/me/events?after=1")[1]
    assert [each["type"] for each in page["events"]] == ["referral.accepted.v1", "referral.recalled.v1"]
    assert page["next_after"] == 3
    assert desk.asks("GET", "/v1/partners/me/events?after=3")[1] == {"events": [], "next_after": 3}
    heard = {event.id for event in desk.heard}
    assert {each["id"] for each in page["events"]} <= heard, "the same ids as over AMQP"
    assert desk.asks("GET", "/v1/partners/me")[1]["held"] == 0


def test_the_match_is_explained_without_offering_anything(scene: Scene) -> None:
    kept_away, far = scene.partner(), scene.partner(counties=["KE-28"])
    scene.opens(never=(kept_away.id,))
    eventually(lambda: "unroutable" in scene.hops(), what="the need to be unroutable")
    path = f"/v1/cases/{scene.case}/match?partner_id={far.id}"
    status, answer = scene.asks("GET", path)
    assert status == 200
    (match,) = answer["matches"]
    assert match["candidates"] == []
    assert {each["partner_id"]: each["reason"]["rule"] for each in match["excluded"]} == {kept_away.id: "restriction"}
    assert match["asked_about"]["rule"] == "county"
    near = scene.partner()
    status, _ = scene.asks("POST", f"/v1/cases/{scene.case}/match")
    assert status == 200
    near.hears("offered", scene.case)


def test_a_partner_sees_only_its_own_offers(scene: Scene) -> None:
    desk, other = scene.partner(), scene.partner(counties=["KE-28"])
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    assert other.asks("GET", f"/v1/offers/{offer_id}")[0] == 404
    assert other.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 404
    assert desk.asks("GET", f"/v1/offers/{offer_id}")[1]["state"] == "offered"
    assert desk.asks("GET", f"/v1/cases/{scene.case}")[0] == 403


def test_a_reply_under_another_name_is_parked(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    desk.is_imitated(scene.world.user, "accept", offer_id)

    def parked() -> list[dict[str, Any]]:
        entries = scene.asks("GET", "/v1/parked")[1]["parked"]
        return [each for each in entries if each["reason"] == "forbidden"]

    eventually(parked, what="the false reply to be parked")
    assert desk.asks("GET", f"/v1/offers/{offer_id}")[1]["state"] == "offered"


def test_a_partner_keeps_its_key_until_it_is_rotated(scene: Scene) -> None:
    desk = scene.partner()
    body = {"name": "renamed", "support_types": [scene.need], "counties": ["*"], "capacity": 1}
    status, answer = scene.asks("PUT", f"/v1/partners/{desk.id}", body)
    assert (status, answer["key"], answer["public_key"]) == (200, None, desk.public_key)
    rotated = scene.asks("PUT", f"/v1/partners/{desk.id}", {**body, "new_key": True})[1]["key"]
    for key in (desk.key, rotated):
        assert scene.referral.request("GET", "/v1/partners/me", None, key)[0] == 200


def test_a_suspended_partner_still_reads_what_it_is_told_and_a_revoked_one_is_shut_out(scene: Scene) -> None:
    first, second = scene.partner(), scene.partner(languages=[])
    scene.opens("critical")
    offer_id = first.hears("offered", scene.case).data["offer_id"]
    assert scene.asks("POST", f"/v1/partners/{first.id}/revoke", {})[0] == 200
    assert first.hears("withdrawn", scene.case).data["reason"] == "partner_revoked"
    assert second.hears("offered", scene.case)
    assert first.asks("GET", "/v1/partners/me/events")[0] == 401
    assert first.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 401
    body = {"name": "x", "support_types": [scene.need], "counties": ["*"], "capacity": 1, "suspended": True}
    assert scene.asks("PUT", f"/v1/partners/{second.id}", body)[0] == 200
    assert second.hears("withdrawn", scene.case)
    assert second.asks("GET", "/v1/partners/me/events")[0] == 200


def test_the_command_that_revokes_a_partner_shuts_it_out_everywhere(scene: Scene, world: World) -> None:
    first, second = scene.partner(), scene.partner(languages=[])
    scene.opens("critical")
    offer_id = first.hears("offered", scene.case).data["offer_id"]
    first.says("accept", offer_id)
    first.hears("accepted", scene.case)
    another = Scene(scene.referral, world, scene.line, need=scene.need)
    another.opens("high")
    open_offer = first.hears("offered", another.case).data["offer_id"]

    code, printed = ngao(world, "partner", "revoke", first.id, "--json", referral=scene.referral)

    assert code == 0, printed
    assert [(each["case_ref"], each["offer_id"]) for each in json.loads(printed)] == [(scene.case, offer_id)]
    assert first.hears("withdrawn", another.case).data["offer_id"] == open_offer
    assert second.hears("offered", another.case)
    assert first.asks("GET", "/v1/partners/me")[0] == 401
    assert management_of(world).get("users", first.account.username) is None
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        first.says("start", offer_id)
    assert "helper.revoked" in scene.hops(), "what the partner holds is shown to a human"
    latest = Scene(scene.referral, world, scene.line, need=scene.need)
    latest.opens("high")
    assert second.hears("offered", latest.case), "nothing more is offered to the partner that was revoked"

    code, printed = ngao(world, "partner", "add", str(_file_of(world, first, scene.need)), referral=scene.referral)
    assert (code, management_of(world).get("users", first.account.username)) == (1, None), printed


def test_a_partner_loses_its_account_even_while_the_directory_does_not_answer(scene: Scene, world: World) -> None:
    desk = scene.partner()
    away = ServiceProcess(world.directory / "nothing.toml", free_port())
    code, printed = ngao(world, "partner", "revoke", desk.id, referral=away)
    assert code == 1
    assert f"127.0.0.1:{away.port}" in printed
    assert management_of(world).get("users", desk.account.username) is None
    assert ngao(world, "partner", "revoke", desk.id, referral=scene.referral)[0] == 0
    assert desk.asks("GET", "/v1/partners/me")[0] == 401


def _file_of(world: World, desk: Desk, need: str) -> Path:
    """The YAML file from which the partner would be added again."""
    file = world.directory / f"{desk.id}.yaml"
    record = {"id": desk.id, "name": desk.id, "support_types": [need], "counties": ["KE-30"], "capacity": 5}
    file.write_text(yaml.safe_dump(record))
    return file


def test_an_acceptance_with_a_comment_is_taken_without_it(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens()
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    desk.posts("accept", text_of("partner/accept-with-comment.json", offer=offer_id, partner=desk.id).encode())
    assert desk.hears("reply.answered", offer_id).data["taken"] is True
    assert desk.hears("accepted", scene.case).data["offer_id"] == offer_id


def test_an_acceptance_that_is_not_signed_is_refused_at_once_and_the_offer_stays_open(scene: Scene, world: World) -> None:
    keys = PartnerKeys.new("")
    desk = scene.partner(signing_key=keys.signing_public)
    keys = replace(keys, id=desk.id)
    scene.opens()
    offered = desk.hears("offered", scene.case)
    offer_id, case_ref = offered.data["offer_id"], offered.data["case_ref"]
    for signed in ({}, {"signature": keys.accepts(offer_id, scene.case)}, {"signature": "no signature"}):
        desk.says("accept", offer_id, **signed)
        answer = desk.hears("reply.answered", offer_id)
        assert (answer.data["taken"], answer.data["reason"]) == (False, "acceptance-not-signed")
        assert [each["pointer"] for each in answer.data["errors"]] == ["/signature"]
        desk.heard.remove(answer)
    status, problem = desk.asks("POST", f"/v1/offers/{offer_id}/accept")
    assert (status, problem["type"].rpartition("/")[2]) == (422, "acceptance-not-signed")
    assert scene.story()["offers"][0]["state"] == "offered"
    desk.says("accept", offer_id, signature=keys.accepts(offer_id, case_ref))
    assert desk.hears("accepted", scene.case).data["offer_id"] == offer_id
    desk.says("accept", offer_id)
    assert desk.asks("POST", f"/v1/offers/{offer_id}/accept")[0] == 200, "what is accepted stays accepted"


def test_an_acceptance_without_a_disclosure_is_an_alarm_and_a_number_until_both_answers_are_there(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens("medium")
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    desk.says("accept", offer_id)
    eventually(lambda: "disclosure.missed" in scene.hops(), what="a human to be alarmed")
    eventually(lambda: scene.overdue("disclosure") == 1, what="the number to show it")
    answer = {"case_ref": scene.case, "offer_id": offer_id, "partner_id": desk.id, "reason": "no_consent"}
    scene.line.publish(make("registry.contact.withheld.v1", subject=scene.case, data=answer, partner_id=desk.id))
    eventually(lambda: scene.story()["offers"][0]["contact"] == "withheld", what="referral to learn of the contact")
    assert scene.overdue("disclosure") == 1, "the narrative is missing still"
    scene.line.publish(make("intake.narrative.withheld.v1", subject=scene.case, data=answer, partner_id=desk.id))
    eventually(lambda: scene.overdue("disclosure") == 0, what="the number to be none again")
    assert scene.hops().count("disclosure.missed") == 1


def test_a_contact_that_is_called_back_after_the_help_leaves_the_catch_up(scene: Scene) -> None:
    desk = scene.partner()
    scene.opens("medium")
    offer_id = desk.hears("offered", scene.case).data["offer_id"]
    desk.says("accept", offer_id)
    desk.hears("accepted", scene.case)
    told = {"case_ref": scene.case, "offer_id": offer_id, "partner_id": desk.id}
    boxed = {**told, "key_id": "k", "box": "b"}
    for name, data in (
        ("registry.contact.disclosed.v1", {**boxed, "supersedes": False}), ("intake.narrative.disclosed.v1", boxed),
    ):
        scene.line.publish(make(name, subject=scene.case, data=data, partner_id=desk.id))
    eventually(lambda: scene.story()["offers"][0]["narrative"] == "disclosed", what="referral to learn of the narrative")
    eventually(lambda: scene.story()["offers"][0]["contact"] == "disclosed", what="referral to learn of the contact")
    desk.says("complete", offer_id, outcome="helped")
    eventually(lambda: "completed" in scene.hops(), what="the partner's work to be over")
    data = {**told, "reason": "not_safe", "recalled": True}
    scene.line.publish(make("registry.contact.withheld.v1", subject=scene.case, data=data, partner_id=desk.id))
    eventually(lambda: scene.story()["offers"][0]["contact"] == "withheld", what="referral to learn of the recall")
    kept = [event["type"] for event in desk.asks("GET", "/v1/partners/me/events?after=0")[1]["events"]]
    assert "registry.contact.disclosed.v1" not in kept
    assert {"registry.contact.withheld.v1", "intake.narrative.disclosed.v1"} <= set(kept)


def test_a_reply_that_nothing_can_be_made_of_is_answered_at_once(scene: Scene) -> None:
    desk = scene.partner()
    offer_id = str(uuid4())
    event = desk.reply("decline", offer_id, reason="unsafe")
    desk.posts("decline", json.dumps({**json.loads(encode(event)), "sequence": "9" * 5000}).encode())
    answer = desk.hears("reply.answered", offer_id)
    assert (answer.data["taken"], answer.data["reason"]) == (False, "invalid-content")
    assert [each["pointer"] for each in answer.data["errors"]] == ["/sequence"]


def test_ten_cases_at_once_get_no_more_offers_than_the_partner_has_places(scene: Scene) -> None:
    scene.partner(capacity=3)
    cases = [f"NG-{secrets.token_hex(5).upper()}" for _ in range(10)]
    for case in cases:
        scene.line.publish(resolved(case))
    for case in cases:
        scene.line.publish(accepted_report(case, scene.need, "high"))

    def settled() -> list[int] | None:
        stories = [scene.asks("GET", f"/v1/cases/{case}")[1] for case in cases]
        open_ = [each for each in stories if each.get("offers") or "unroutable" in [h["what"] for h in each.get("story", [])]]
        return [len(each["offers"]) for each in stories] if len(open_) == 10 else None

    assert sum(eventually(settled, what="every case to be offered or with a human")) == 3


def test_a_broken_partner_is_refused_with_every_field_named(scene: Scene) -> None:
    body = {"name": "x", "support_types": ["Legal Aid"], "counties": ["Nairobi"], "capacity": -1, "public_key": "none", "x": 1}
    status, problem = scene.asks("PUT", "/v1/partners/some-partner", body)
    assert status == 422
    pointers = {each["pointer"] for each in problem["errors"]}
    assert pointers == {"/support_types/0", "/counties/0", "/capacity", "/public_key", "/x"}


def test_a_partner_with_codes_of_no_list_is_refused_and_hears_which_there_are(scene: Scene) -> None:
    body = {"name": "x", "support_types": ["legal_aid", "zzz_aid"], "counties": ["KE-30"], "capacity": 1}
    status, problem = scene.asks("PUT", "/v1/partners/some-partner", body)
    assert (status, problem["type"].rpartition("/")[2]) == (422, "invalid-input")
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("/support_types/1", "unknown_code")
    assert error["detail"].startswith("Must be one of: ")
    assert "zzz" not in str(problem)
