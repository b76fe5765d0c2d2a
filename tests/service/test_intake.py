"""Intake as a process of its own, on a real broker and a real store."""

from __future__ import annotations

import base64
import inspect
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest

from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.security import keyfiles, seals
from ngao.contracts import CONTENT_TYPE, Event, decode, make, subscriptions_of
from ngao.kernel.padding import SIZES
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from services.intake.service import IntakeService
from tests.support.intake import (
    MARKERS,
    NEWS,
    SUBMITTED,
    AmqpSource,
    anonymous,
    bound,
    heard,
    onboard,
    report,
    taken,
)
from tests.support.readers import Readers

STORE_OF = "intake"


def rules(intake: ServiceProcess, world: World, receipt: dict[str, Any]) -> set[str]:
    """The rules behind an urgency, as an operator sees them: no event names them."""
    status, shown = intake.request("GET", f"/v1/cases/{receipt['case_ref']}/report?reason=case_work", None, world.operator_key)
    assert status == 200, shown
    return {each["rule"] for each in shown["reasons"]}


def test_each_act_keeps_its_own_date_and_state_and_is_judged_by_them(intake: ServiceProcess, key: str, world: World) -> None:
    now = datetime.now(UTC)
    old, last_night = (now - timedelta(days=10)).isoformat(), (now - timedelta(hours=9)).isoformat(timespec="seconds")
    arrest = {"type": "unlawful_arrest", "ongoing": True}
    receipt = intake.request("POST", "/v1/reports", report(violations=[arrest], occurred_at=old), key)[1]
    path = f"/v1/reports/{receipt['report_id']}/updates"
    acts = [
        {"type": "unlawful_arrest", "perpetrators": [{"type": "police"}]},
        {"type": "rape", "occurred_at": last_night, "occurred_precision": "estimate"}, {"type": "smear_campaign"},
    ]  # fmt: skip
    status, answer = intake.request("POST", path, {"violations": acts}, key)
    assert (status, answer["urgency"]) == (202, "critical")
    shown = intake.request("GET", f"/v1/cases/{receipt['case_ref']}/report?reason=case_work", None, world.operator_key)[1]
    known, rape, smear = shown["violations"]
    assert (known["ongoing"], known["perpetrators"], known["occurred_at"], known["counts_from"]) == (True, ["police"], None, None)
    assert datetime.fromisoformat(rape["occurred_at"]) == datetime.fromisoformat(last_night)
    assert (rape["ongoing"], rape["occurred_precision"], rape["counts_from"]) == (False, "estimate", None)
    assert datetime.fromisoformat(smear["counts_from"]) >= now - timedelta(minutes=1)
    assert intake.request("POST", path, {"violations": acts}, key)[1]["duplicate"] is True


def test_each_reader_of_a_report_gets_what_the_table_of_readers_allows(
    intake: ServiceProcess, key: str, line: Line, readers: Readers
) -> None:
    violation = {"type": "rape", "ongoing": True, "perpetrators": [{"type": "spouse_or_partner"}]}
    needs, when = ["medical"], "2026-01-05T08:13:17.123+03:00"
    receipt = intake.request("POST", "/v1/reports", report(violations=[violation], needs=needs, occurred_at=when), key)[1]
    later = {"violations": [{"type": "death_threat_to_defender"}], "needs": ["legal_aid"]}
    assert intake.request("POST", f"/v1/reports/{receipt['report_id']}/updates", later, key)[0] == 202
    for reader in ("registry", "referral", "notify"):
        for name in NEWS[:2]:
            body = taken(line, reader, name, receipt["case_ref"])
            assert readers.beyond(reader, decode(body)) == set()
            for code in (b"rape", b"spouse_or_partner", b"death_threat", b"08:13", b"05:13", b"17.123"):
                assert code not in body
            assert reader != "notify" or b"medical" not in body


def test_a_report_is_taken_sealed_judged_and_said(intake: ServiceProcess, key: str, line: Line, world: World, store: Any) -> None:
    status, receipt = intake.request("POST", "/v1/reports", report(), key)
    assert status == 202, receipt
    assert receipt["duplicate"] is False
    said = heard(line, NEWS[0], receipt["case_ref"])
    assert said["county"] == "KE-30"
    assert said["urgency"] == receipt["urgency"]
    assert "death_threat_ongoing" in rules(intake, world, receipt)
    private = keyfiles.load_private(world.directory / "keys" / "registry")[said["sealed_identity"]["key_id"]]
    content = seals.open_box(private, said["sealed_identity"]["box"])
    assert len(content) in SIZES
    opened = json.loads(content)
    assert opened["case_ref"] == receipt["case_ref"]
    assert opened["identity"]["names"] == [MARKERS[0]]
    assert opened["contact_safety"]["code_word"] == MARKERS[4]


def test_nothing_sensitive_stands_in_clear_in_store_or_log(intake: ServiceProcess, key: str, store: Any) -> None:
    intake.request("POST", "/v1/reports", report(), key)
    everything = repr([list(store[name].find()) for name in store.list_collection_names()]) + intake.log.read_text()
    for marker in (*MARKERS, "woman"):
        assert marker not in everything
        assert base64.b64encode(marker.encode()).decode() not in everything


def test_a_report_posted_twice_opens_one_case(intake: ServiceProcess, key: str, store: Any) -> None:
    body = report()
    first, second = (intake.request("POST", "/v1/reports", body, key)[1] for _ in range(2))
    assert second == {**first, "duplicate": True}
    assert store.reports.count_documents({"source_event_id": body["source_event_id"]}) == 1


def test_a_report_posted_many_times_at_once_opens_one_case(intake: ServiceProcess, key: str, store: Any) -> None:
    body = report()
    refused: list[int] = []

    def post(_: int) -> dict[str, Any]:
        """As a source does: what a busy service refuses for the moment is sent again."""
        while (answer := intake.request("POST", "/v1/reports", body, key))[0] == 503:
            refused.append(503)
        assert answer[0] == 202
        return dict(answer[1])

    with ThreadPoolExecutor(12) as pool:
        receipts = list(pool.map(post, range(24)))
    assert len({receipt["case_ref"] for receipt in receipts}) == 1
    first = [receipt["duplicate"] for receipt in receipts].count(False)
    assert first == 1 or (first == 0 and refused)  # the one that was stored may be one that was told to come again
    assert store.reports.count_documents({"source_event_id": body["source_event_id"]}) == 1


def test_the_same_id_with_other_content_is_a_conflict(intake: ServiceProcess, key: str) -> None:
    body = report()
    intake.request("POST", "/v1/reports", body, key)
    status, problem = intake.request("POST", "/v1/reports", {**body, "narrative": "other"}, key)
    assert (status, problem["type"].rsplit("/", 1)[1]) == (409, "conflicting-repeat")


def test_another_source_may_use_the_same_id(intake: ServiceProcess, key: str, world: World) -> None:
    other, body = onboard(intake, world, "hotline"), report()
    intake.request("POST", "/v1/reports", body, key)
    status, receipt = intake.request("POST", "/v1/reports", body, other)
    assert (status, receipt["duplicate"]) == (202, False)


def test_the_idempotency_key_stands_in_for_a_missing_id(intake: ServiceProcess, key: str) -> None:
    body = anonymous()
    del body["source_event_id"]
    answers = [intake.request("POST", "/v1/reports", body, key, Idempotency_Key="call-0001") for _ in range(2)]
    assert [each[0] for each in answers] == [202, 202]
    assert answers[1][1]["duplicate"] is True


def test_one_bad_item_does_not_sink_the_batch(intake: ServiceProcess, key: str) -> None:
    good = anonymous()
    lines = [json.dumps(good), "{not json", json.dumps(anonymous(needs=["teleport"])), json.dumps(good), json.dumps(anonymous())]
    body = "\n".join(lines).encode()
    status, answer = intake.request("POST", "/v1/reports", body, key, Content_Type="application/x-ndjson")
    assert status == 202, answer
    results = answer["results"]
    assert [each["status"] for each in results] == [202, 400, 422, 202, 202]
    assert results[2]["problem"]["errors"][0]["pointer"] == "/needs/0"
    assert [results[0]["duplicate"], results[3]["duplicate"]] in ([False, True], [True, False])
    assert results[0]["case_ref"] == results[3]["case_ref"]


def test_a_cloudevents_batch_is_taken(intake: ServiceProcess, key: str) -> None:
    body = anonymous()
    del body["source_event_id"]
    event = {"specversion": "1.0", "id": secrets.token_hex(4), "source": "/forms", "type": SUBMITTED, "data": body}
    broken = {**event, "data": {**body, "violations": []}}
    sent = json.dumps([event, broken]).encode()
    status, answer = intake.request("POST", "/v1/reports", sent, key, Content_Type="application/cloudevents-batch+json")
    assert status == 202, answer
    assert [each["status"] for each in answer["results"]] == [202, 422]
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "/data/violations"


def test_a_dry_run_judges_and_keeps_nothing(intake: ServiceProcess, key: str, store: Any) -> None:
    body = anonymous()
    status, foreseen = intake.request("POST", "/v1/reports/validate", body, key)
    assert (status, foreseen["valid"], foreseen["needs_suggested"]) == (200, True, True)
    assert store.reports.count_documents({"source_event_id": body["source_event_id"]}) == 0


def test_a_bare_number_is_no_county(intake: ServiceProcess, key: str) -> None:
    body = anonymous(location={"scheme": "iso3166-2", "code": "30"})
    status, problem = intake.request("POST", "/v1/reports", body, key)
    assert status == 422
    assert problem["errors"] == [{**problem["errors"][0], "pointer": "/location/code", "code": "ambiguous"}]


def test_a_report_is_told_of_only_to_its_own_source(intake: ServiceProcess, key: str, world: World) -> None:
    receipt = intake.request("POST", "/v1/reports", anonymous(), key)[1]
    path = f"/v1/reports/{receipt['report_id']}"
    assert intake.request("GET", path, None, key)[1]["status"] == "received"
    other = onboard(intake, world, "stranger")
    assert intake.request("GET", path, None, other)[0] == 404
    assert intake.request("POST", f"{path}/withdraw", {}, other)[0] == 404


def test_later_facts_raise_the_urgency_once(intake: ServiceProcess, key: str, line: Line) -> None:
    receipt = intake.request("POST", "/v1/reports", anonymous(violations=[{"type": "smear_campaign"}]), key)[1]
    path, later = f"/v1/reports/{receipt['report_id']}/updates", {"needs": ["emergency_evacuation"], "narrative": "now worse"}
    first = intake.request("POST", path, later, key)[1]
    again = intake.request("POST", path, later, key)[1]
    assert (first["urgency"], first["duplicate"], again["duplicate"]) == ("critical", False, True)
    said = heard(line, NEWS[1], receipt["case_ref"])
    assert set(said["needs"]) - set(said["needs_proposed"]) == {"emergency_evacuation"}
    assert (said["urgency_before"], said["risen"], said["raised_by"]) == ("low", True, "update")
    assert said["news"] == ["needs", "narrative"]


def test_consent_can_be_taken_back_given_again_and_taken_back_again(intake: ServiceProcess, key: str, line: Line) -> None:
    receipt = intake.request("POST", "/v1/reports", anonymous(), key)[1]
    path = f"/v1/reports/{receipt['report_id']}/updates"
    given, none = {"consent": [{"purpose": "referral", "scope": ["contact"]}]}, {"consent": []}
    answers = [intake.request("POST", path, later, key)[1]["duplicate"] for later in (none, given, none, none)]
    assert answers == [False, False, False, True]


def test_a_narrative_beyond_what_a_report_holds_is_cut_and_its_update_taken(intake: ServiceProcess, key: str, line: Line) -> None:
    longest = "\U00010308" * 50_000
    status, receipt = intake.request("POST", "/v1/reports", anonymous(narrative=longest), key)
    assert (status, "narrative_cut" in receipt) == (202, False)
    path = f"/v1/reports/{receipt['report_id']}/updates"
    status, answer = intake.request("POST", path, {"narrative": longest, "needs": ["medical"]}, key)
    assert (status, answer["narrative_cut"]) == (202, True)
    assert "medical" in heard(line, NEWS[1], receipt["case_ref"])["needs"]


def test_a_withdrawn_report_is_said_once_and_takes_no_updates(intake: ServiceProcess, key: str, line: Line) -> None:
    receipt = intake.request("POST", "/v1/reports", anonymous(), key)[1]
    path = f"/v1/reports/{receipt['report_id']}"
    assert [intake.request("POST", f"{path}/withdraw", {}, key)[1]["status"] for _ in range(2)] == ["withdrawn"] * 2
    heard(line, NEWS[2], receipt["case_ref"])
    assert intake.request("POST", f"{path}/updates", {"needs": ["medical"]}, key)[0] == 409


def test_the_second_report_about_a_person_counts_the_first(intake: ServiceProcess, key: str, world: World) -> None:
    phone = f"+2547{secrets.randbelow(10**8):08d}"
    about = {"identity": {"phones": [phone]}}
    intake.request("POST", "/v1/reports", report(subject=about), key)
    local = {"identity": {"phones": ["0" + phone[4:]]}}
    receipt = intake.request("POST", "/v1/reports", report(subject=local), key)[1]
    assert "reported_again" in rules(intake, world, receipt)


def test_a_kobo_submission_is_mapped_and_names_what_it_drops(intake: ServiceProcess, world: World) -> None:
    kobo = onboard(intake, world, "kobo-forms", profile="kobo")
    body = {
        "_id": 7, "meta/rootUuid": f"uuid:{secrets.token_hex(8)}", "_geolocation": [-1.2, 36.8], "incident/date": "2026-01-05",
        "incident/violation_type": "death_threat", "incident/county": "KE-28", "consent/referral": "yes", "group/other": "x",
    }  # fmt: skip
    status, receipt = intake.request("POST", "/v1/inbound/kobo-forms", body, kobo)
    assert status == 202, receipt
    assert receipt["discarded"] == ["_geolocation", "group/other"]
    assert receipt["left_out"] == []


class Partner:
    """A partner's side of the edge: its queue, its keys."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = PartnerKeys.new(f"clinic-{secrets.token_hex(3)}")
        self.id = self.keys.id
        self.line = Line(world, edge=True)
        self.queue = bound(self.line, "partners", f"{self.id}.#")

    def accepts(self, line: Line, case_ref: str, sequence: int = 5) -> str:
        offer_id = secrets.token_hex(8)
        line.publish(said_by_referral("accepted", case_ref, self, offer_id, sequence))
        return offer_id

    def next(self) -> tuple[str, dict[str, Any]]:
        found = eventually(lambda: self.line.take(self.queue), what="a disclosure")
        event = decode(found[0][1])
        return event.type, dict(event.data)

    def narrative(self) -> str:
        kind, data = self.next()
        assert kind == "intake.narrative.disclosed.v1", data
        return str(json.loads(self.keys.opens(data["box"]))["narrative"])


def said_by_referral(what: str, case_ref: str, partner: Partner, offer_id: str, sequence: int) -> Event:
    data = {
        "case_ref": case_ref, "offer_id": offer_id, "partner_id": partner.id, "need": "safe_house", "urgency": "high",
        "accepted_at": datetime.now(UTC), "partner_public_key": "not believed", "partner_key_id": "not believed",
        "vouch": partner.world.onboarding.vouch(partner.keys), "signature": partner.keys.accepts(offer_id, case_ref),
        "reason": "consent_withdrawn", "outcome": "helped",
    }  # fmt: skip
    return replace(make(f"referral.{what}.v1", subject=case_ref, data=data), sequence=sequence)


def consent_changed(case_ref: str, *, granted: bool, scope: list[str]) -> Event:
    data = {
        "case_ref": case_ref, "purpose": "referral", "scope": scope, "granted": granted,
        "effective_at": datetime.now(UTC) - timedelta(seconds=1) if granted else datetime.now(UTC),
    }  # fmt: skip
    return make("registry.consent.changed.v1", subject=case_ref, data=data)


@pytest.fixture
def partner(world: World) -> Partner:
    return Partner(world)


def test_an_accepting_partner_gets_the_narrative_sealed_to_it(
    intake: ServiceProcess, key: str, line: Line, partner: Partner
) -> None:
    receipt = intake.request("POST", "/v1/reports", report(), key)[1]
    partner.accepts(line, receipt["case_ref"])
    assert partner.narrative() == MARKERS[3]
    path = f"/v1/reports/{receipt['report_id']}"
    assert intake.request("GET", path, None, key)[1]["status"] == "accepted"
    intake.request("POST", f"{path}/updates", {"narrative": "more of it"}, key)
    assert partner.narrative() == f"{MARKERS[3]}\n\nmore of it"


def test_all_that_a_report_has_room_for_reaches_its_partner_and_what_has_none_sends_nothing_again(
    intake: ServiceProcess, key: str, line: Line, partner: Partner
) -> None:
    """A quotation mark is two bytes of JSON: nothing makes a larger box."""
    receipt = intake.request("POST", "/v1/reports", report(narrative='"' * 50_000), key)[1]
    path = f"/v1/reports/{receipt['report_id']}/updates"
    answers = [intake.request("POST", path, {"narrative": '"' * 50_000, "update_id": f"words-{at}"}, key) for at in range(7)]
    assert [(status, "narrative_cut" in answer) for status, answer in answers] == [(202, False)] * 4 + [(202, True)] * 3
    partner.accepts(line, receipt["case_ref"])
    assert len(partner.narrative()) > 290_000
    last = intake.request("POST", path, {"narrative": "More words.", "needs": ["medical"]}, key)[1]
    assert last["narrative_cut"]
    later = intake.request("POST", "/v1/reports", report(), key)[1]
    partner.accepts(line, later["case_ref"])
    assert partner.narrative() == MARKERS[3]


def test_without_consent_the_narrative_is_withheld_until_it_is_given(
    intake: ServiceProcess, key: str, line: Line, partner: Partner
) -> None:
    contact_only = [{"purpose": "referral", "scope": ["contact"]}]
    receipt = intake.request("POST", "/v1/reports", report(consent=contact_only), key)[1]
    partner.accepts(line, receipt["case_ref"])
    kind, data = partner.next()
    assert (kind, data["reason"]) == ("intake.narrative.withheld.v1", "no_consent")
    line.publish(consent_changed(receipt["case_ref"], granted=True, scope=["narrative"]))
    assert partner.narrative() == MARKERS[3]


def test_a_consent_withdrawn_before_the_acceptance_counts(
    intake: ServiceProcess, key: str, line: Line, partner: Partner, store: Any
) -> None:
    receipt = intake.request("POST", "/v1/reports", report(), key)[1]
    line.publish(consent_changed(receipt["case_ref"], granted=False, scope=[]))
    eventually(
        lambda: store.reports.find_one({"case_ref": receipt["case_ref"], "consent_changes.0": {"$exists": True}}),
        what="the withdrawal to reach the report",
    )
    partner.accepts(line, receipt["case_ref"])
    kind, data = partner.next()
    assert (kind, data["reason"]) == ("intake.narrative.withheld.v1", "withdrawn")


def test_a_narrative_is_recalled_for_a_restriction_and_after_the_work_for_a_withdrawn_consent(
    intake: ServiceProcess, key: str, line: Line, partner: Partner, store: Any
) -> None:
    withheld = "intake.narrative.withheld.v1"
    restricted, completed = (intake.request("POST", "/v1/reports", report(), key)[1]["case_ref"] for _ in range(2))
    partner.accepts(line, restricted)
    assert partner.narrative() == MARKERS[3]
    never = {"case_ref": restricted, "partner_ids": [partner.id]}
    line.publish(make("registry.restrictions.changed.v1", subject=restricted, data=never))
    kind, data = partner.next()
    assert (kind, data["reason"], data["recalled"]) == (withheld, "no_consent", True)
    offer_id = partner.accepts(line, completed)
    assert partner.narrative() == MARKERS[3]
    line.publish(said_by_referral("completed", completed, partner, offer_id, 9))
    eventually(lambda: store.reports.find_one({"case_ref": completed, "story.1": {"$exists": True}}), what="the end of the work")
    line.publish(consent_changed(completed, granted=False, scope=[]))
    kind, data = partner.next()
    assert (kind, data["reason"], data["recalled"]) == (withheld, "withdrawn", True)


def test_an_acceptance_overtaken_by_its_recall_discloses_nothing(
    intake: ServiceProcess, key: str, line: Line, partner: Partner, store: Any
) -> None:
    receipt = intake.request("POST", "/v1/reports", report(), key)[1]
    offer_id = secrets.token_hex(8)
    line.publish(said_by_referral("recalled", receipt["case_ref"], partner, offer_id, 9))
    eventually(
        lambda: store.reports.find_one({"case_ref": receipt["case_ref"], "story.0": {"$exists": True}}),
        what="the recall to reach the report",
    )
    line.publish(said_by_referral("accepted", receipt["case_ref"], partner, offer_id, 5))
    kind, data = partner.next()
    assert (kind, data["reason"]) == ("intake.narrative.withheld.v1", "withdrawn")
    shown = intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, key)[1]
    assert shown["status"] == "looking_for_help"
    assert [each["what"] for each in shown["story"]] == ["accepted", "looking_for_help"]


@pytest.fixture
def amqp_source(world: World) -> Iterator[AmqpSource]:
    made = AmqpSource(world, f"sms-{secrets.token_hex(4)}")
    yield made
    made.close()


def test_a_report_over_amqp_gets_a_receipt(intake: ServiceProcess, world: World, amqp_source: AmqpSource) -> None:
    onboard(intake, world, amqp_source.id)
    body = anonymous()
    amqp_source.post(body)
    kind, first = amqp_source.answer()
    assert (kind, first["source_event_id"], first["duplicate"]) == (
        "intake.report.receipt.v1", body["source_event_id"], False
    )  # fmt: skip
    event = {"specversion": "1.0", "id": "e1", "source": "/sms", "type": SUBMITTED, "data": body}
    amqp_source.post(event, CONTENT_TYPE)
    assert amqp_source.answer()[1] == {**first, "duplicate": True}


def test_a_report_that_is_tried_again_keeps_the_id_that_its_source_gave_it(
    intake: ServiceProcess, world: World, amqp_source: AmqpSource
) -> None:
    onboard(intake, world, amqp_source.id)
    body = anonymous()
    del body["source_event_id"]
    sent = Delivery(
        "intake.reports", amqp_source.id, json.dumps(body).encode(), "application/json", amqp_source.account, "call-17"
    )
    properties = pika.BasicProperties(
        content_type=sent.content_type, delivery_mode=2, message_id=sent.fingerprint, user_id="svc-intake",
        headers=sent.to_try_again(),
    )  # fmt: skip
    with Line(world, edge=True).open_as("intake") as channel:
        channel.basic_publish("redeliver", sent.queue, sent.body, properties, mandatory=True)
    assert amqp_source.answer()[1]["source_event_id"] == "call-17"


def test_a_broken_report_over_amqp_is_parked_and_its_source_hears_why(
    intake: ServiceProcess, world: World, amqp_source: AmqpSource, store: Any
) -> None:
    onboard(intake, world, amqp_source.id)
    body = anonymous(violations=[{"type": "unheard_of"}])
    amqp_source.post(body)
    kind, data = amqp_source.answer()
    assert (kind, data["event_id"], data["reason"]) == ("intake.report.rejected.v1", body["source_event_id"], "invalid-input")
    assert data["errors"][0]["pointer"] == "/violations/0/type"
    assert store.parked.count_documents({"reason": "invalid-input"}) >= 1


def test_an_unknown_source_waits_parked(intake: ServiceProcess, amqp_source: AmqpSource, store: Any) -> None:
    before = store.parked.count_documents({"reason": "unknown-source"})
    amqp_source.post(anonymous())
    eventually(
        lambda: store.parked.count_documents({"reason": "unknown-source"}) == before + 1,
        what="one more of an unknown source to stand parked",
    )


def test_a_source_cannot_post_as_another(intake: ServiceProcess, world: World, amqp_source: AmqpSource, store: Any) -> None:
    onboard(intake, world, "victim-source")
    amqp_source.post(anonymous(), routing_key="victim-source")
    eventually(
        lambda: store.parked.count_documents({"reason": "wrong-account"}),
        what="it to stand parked as of the wrong account",
    )
    assert store.reports.count_documents({"source_id": "victim-source"}) == 0


def test_it_hears_what_the_catalogue_says() -> None:
    heard_types = {
        entrypoint.hears
        for _, method in inspect.getmembers(IntakeService, inspect.isfunction)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if getattr(entrypoint, "edge", True) is False
    }
    assert heard_types == set(subscriptions_of("intake"))


def test_twenty_costly_bodies_of_one_source_hold_anothers_post_for_under_a_second_of_work(
    intake: ServiceProcess, key: str, world: World
) -> None:
    costly = {f"k{at}": at for at in range(60_000)}
    flood = onboard(intake, world, f"flood-{secrets.token_hex(3)}")
    intake.request("POST", "/v1/reports", report(), key)
    with ThreadPoolExecutor(20) as pool:
        bodies = [pool.submit(intake.request, "POST", "/v1/reports", costly, flood) for _ in range(20)]
        began = intake.processor_s()
        assert intake.request("POST", "/v1/reports", report(), key)[0] == 202
        work_s = intake.processor_s() - began  # of the one thread that answers: what the others cost this post
        assert {each.result()[0] for each in bodies} <= {400, 429}
    assert work_s < 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_date_at_the_edge_of_the_calendar_is_named_over_http(intake: ServiceProcess, key: str, moment: str) -> None:
    status, problem = intake.request("POST", "/v1/reports", report(occurred_at=moment), key)
    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, ["/occurred_at"])


def test_a_date_at_the_edge_of_the_calendar_is_answered_over_amqp(intake: ServiceProcess, world: World) -> None:
    source = AmqpSource(world, f"edges-{secrets.token_hex(3)}")
    onboard(intake, world, source.id)
    source.post(report(occurred_at="0001-01-01T00:00:00+14:00"))
    kind, data = source.answer()
    assert (kind, [each["pointer"] for each in data["errors"]]) == ("intake.report.rejected.v1", ["/occurred_at"])
    source.close()


BOM = b"\xef\xbb\xbf"


def test_a_byte_order_mark_costs_no_report_of_a_batch(intake: ServiceProcess, key: str) -> None:
    lines = BOM + b"".join(json.dumps(anonymous()).encode() + b"\r\n" for _ in range(2))
    status, answer = intake.request("POST", "/v1/reports", lines, key, Content_Type="application/x-ndjson")
    assert (status, [each["status"] for each in answer["results"]]) == (202, [202, 202])
    alone = BOM + b"\r\n" + json.dumps(anonymous()).encode()
    status, answer = intake.request("POST", "/v1/reports", alone, key, Content_Type="application/x-ndjson")
    assert (status, [each["status"] for each in answer["results"]]) == (202, [202])


@pytest.mark.parametrize("charset", ["utf-8", "utf8", "us-ascii"])
def test_a_json_body_is_taken_with_a_byte_order_mark_and_whatever_utf_8_is_called(
    intake: ServiceProcess, key: str, charset: str
) -> None:
    body = BOM + json.dumps(anonymous(narrative="Zo\u00eb"), ensure_ascii=False).encode()
    status, answer = intake.request("POST", "/v1/reports", body, key, Content_Type=f"application/json; charset={charset}")
    assert status == 202, answer
    latin = body.removeprefix(BOM).decode().encode("latin-1")
    refused = intake.request("POST", "/v1/reports", latin, key, Content_Type=f"application/json; charset={charset}")
    assert refused[0] == 400


def test_a_byte_order_mark_costs_no_report_over_amqp(intake: ServiceProcess, world: World, amqp_source: AmqpSource) -> None:
    onboard(intake, world, amqp_source.id)
    amqp_source.post(BOM + json.dumps(anonymous()).encode())
    assert amqp_source.answer()[0] == "intake.report.receipt.v1"


def test_a_blank_name_costs_no_call_and_a_voice_note_is_an_attachment(intake: ServiceProcess, key: str) -> None:
    voice = {"name": "voice.ogg", "media_type": "audio/ogg; codecs=opus", "sha256": "a" * 64}
    for name in ("Zuhura\x00 Nyota", "\x1b[31mZuhura Nyota", "   ", "\u200b\u200b"):
        subject = {"identity": {"names": [name], "phones": ["+254700000091"]}}
        status, answer = intake.request("POST", "/v1/reports", report(subject=subject, attachments=[voice]), key)
        assert status == 202, answer


def test_a_later_report_of_another_source_raises_an_earlier_one_and_its_source_sees_nothing(
    intake: ServiceProcess, key: str, world: World, line: Line, store: Any
) -> None:
    other = onboard(intake, world, "later-hotline")
    phone = f"+254700000{secrets.randbelow(1000):03d}"
    person = {"identity": {"phones": [phone], "names": [f"Mfano {secrets.token_hex(4)}"]}}
    threat = report(subject=person, violations=[{"type": "death_threat_to_defender"}], occurred_at="2026-01-05T08:00:00+03:00")
    _, first = intake.request("POST", "/v1/reports", threat, key)
    assert heard(line, NEWS[0], first["case_ref"])["urgency"] == "high"
    shown = intake.request("GET", f"/v1/reports/{first['report_id']}", None, key)
    mild = report(subject=person, violations=[{"type": "censorship"}])
    assert intake.request("POST", "/v1/reports", mild, other)[0] == 202
    risen = heard(line, NEWS[1], first["case_ref"])
    assert (risen["urgency_before"], risen["urgency"]) == ("high", "critical")
    assert (risen["risen"], risen["raised_by"]) == (True, "history")
    assert intake.request("GET", f"/v1/reports/{first['report_id']}", None, key) == shown
    assert intake.request("POST", "/v1/reports", threat, key)[1] == {**first, "duplicate": True}
    waiting = {"person_keys": {"$ne": []}, "judge_others_at": {"$exists": True}}
    eventually(lambda: store.reports.count_documents(waiting) == 0, what="all reports to have been judged with")
