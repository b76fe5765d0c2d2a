"""What is sensitive is forgotten when its time is over: by the coalition's rules, once, whoever looks first."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.errors import NotAllowedNow, NotFound, SealBroken
from ngao.chassis.http.call import Call
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.security import keyfiles, seals
from ngao.chassis.security.audit import Verified
from ngao.chassis.security.identity import Principal
from ngao.contracts import make, open_event
from ngao.kernel.actors import Actor
from ngao.testing.processes import ROOT, WARMED, World
from services.intake.reports.model import Update
from services.intake.reports.posted import Posted, accept_posted
from services.intake.reports.store import ReportDocument
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from services.intake.sources.put import put_source
from services.notify.roster.model import DUTY_OFFICER, Recipient
from services.notify.roster.put import put_duty_officer
from services.notify.roster.read import show_duty_officer
from services.notify.roster.remove import remove_duty_officer
from tests.support.forgetting import Held, opened
from tests.support.intake import report

FORMS = "forms"
NUMBERS = count(1)
SETTINGS = {"new_key": False, "revoke_old_keys": False}
CALL = Call(Principal("operator", "test"), b"", "application/json", {}, "")
OF_FORMS = replace(CALL, principal=Principal("source", FORMS))
SMTP = '[own.smtp]\nhost = "127.0.0.1"\nport = 9\nfrom = "desk@example.org"\ntls = "none"'
OF_A_RULE = [name for name, field in ReportDocument._fields.items() if vars(field)["rule"]]


@pytest.fixture(scope="module")
def intake(world: World) -> Iterator[Held]:
    with opened(world, "intake") as held:
        held.app.parts.run(partial(put_source, source_id=FORMS, body=SETTINGS), CALL)
        yield held


def taken(intake: Held, **changes: Any) -> dict[str, Any]:
    return posts(intake, report(**changes))


def posts(intake: Held, document: dict[str, Any]) -> dict[str, Any]:
    receipt: dict[str, Any] = intake.app.parts.run(partial(accept_posted, source_id=FORMS, report=Posted(document)))
    return receipt


def record_of(intake: Held, receipt: dict[str, Any]) -> dict[str, Any]:
    (found,) = intake.records("reports", _id=receipt["report_id"])
    return found


def is_forgotten(intake: Held, receipt: dict[str, Any]) -> bool:
    return bool(record_of(intake, receipt).get("forgotten_at"))


def closes(intake: Held, receipt: dict[str, Any]) -> None:
    hears(intake, "referral.case.closed.v1", receipt, reason="all_settled")


def withdraws(intake: Held, receipt: dict[str, Any]) -> None:
    intake.app.parts.run(partial(withdraw_report, report_id=receipt["report_id"]), OF_FORMS)


def hears(intake: Held, name: str, receipt: dict[str, Any], **data: Any) -> None:
    """An event of now, as the consumer hands it over: its data loaded."""
    event = make(name, subject=receipt["case_ref"], data={"case_ref": receipt["case_ref"], **data}, time=intake.clock.now())
    unit = intake.chassis.units.read()
    handle = getattr(intake.app, f"on_{name.removesuffix('.v1').replace('.', '_')}")
    assert handle(unit, replace(event, data=open_event(event), sequence=next(NUMBERS))) is None
    assert intake.chassis.units.commit([unit]) == [None]


@pytest.mark.parametrize(
    ("why", "days", "begin"),
    [("closed", 365, closes), ("withdrawn", 30, withdraws), ("received", 1095, lambda *_: None)],
)
def test_a_report_is_forgotten_when_its_time_is_over(intake: Held, why: str, days: int, begin: Callable[..., None]) -> None:
    receipt = taken(intake)
    begin(intake, receipt)
    intake.pass_days(days - 1)
    assert not is_forgotten(intake, receipt)
    before = record_of(intake, receipt)
    assert [name for name in OF_A_RULE if name not in {"attachments", "updates_seen"} and not before[name]] == []
    intake.clock.advance(timedelta(days=1))
    assert intake.gauge("retention") >= 1
    intake.sweep()
    after = record_of(intake, receipt)
    assert [name for name in OF_A_RULE if after.get(name)] == []
    assert intake.records("data_keys", scope=f"case:{receipt['case_ref']}") == []
    (entry,) = [each for each in intake.audited("report.forgotten") if each["subject"] == receipt["case_ref"]]
    assert entry["detail"] == {"why": why, "policy_version": intake.app.parts.policy.retention.version}


def test_what_was_sealed_cannot_be_opened_any_more(intake: Held) -> None:
    receipt = taken(intake)
    before = record_of(intake, receipt)

    def narrative() -> bytes:
        place = (f"case:{receipt['case_ref']}", "reports", receipt["report_id"], "narrative.0")
        return intake.chassis.units.read().sealer.open(*place, bytes(before["narrative_parts"][0]))

    assert b"narrative" in narrative()
    intake.pass_days(1096)
    with pytest.raises(SealBroken):
        narrative()


def test_nothing_that_comes_later_changes_a_forgotten_report(intake: Held) -> None:
    body = report()
    receipt = posts(intake, body)
    withdraws(intake, receipt)
    intake.pass_days(31)
    before = record_of(intake, receipt)
    assert posts(intake, {**body, "narrative": "Something else."})["duplicate"]
    other = taken(intake)
    closes(intake, other)
    intake.pass_days(366)
    later = partial(update_report, source_id=FORMS, report_id=other["report_id"], update=Update(narrative="Later."))
    with pytest.raises(NotAllowedNow) as refused:
        intake.app.parts.run(later)
    assert refused.value.slug == "forgotten"
    given = {"purpose": "referral", "scope": ["narrative"], "granted": True, "effective_at": intake.clock.now()}
    hears(intake, "registry.consent.changed.v1", receipt, **given)
    assert record_of(intake, receipt) == before


def test_a_partner_that_accepts_after_it_hears_that_nothing_comes(intake: Held) -> None:
    receipt = taken(intake)
    intake.pass_days(1096)
    offer = {"offer_id": secrets.token_hex(4), "partner_id": "partner-a", "need": "medical", "urgency": "low",
             "accepted_at": datetime.now(UTC), "partner_public_key": seals.new_key_pair()[1], "partner_key_id": "k"}  # fmt: skip
    hears(intake, "referral.accepted.v1", receipt, **offer)
    said = intake.records("outbox", subject=receipt["case_ref"])
    told = {each["message_id"]: each["routing_key"].partition("ent.")[2] for each in said if "narrative" in each["routing_key"]}
    assert list(told.values()) == ["intake.narrative.withheld.v1"]
    assert not record_of(intake, receipt)["helpers"]


def test_a_shorter_rule_counts_for_what_is_there_already(intake: Held, world: World, tmp_path: Path) -> None:
    receipt = taken(intake)
    intake.pass_days(100)
    assert not is_forgotten(intake, receipt)
    rules = yaml.safe_load((ROOT / "deploy" / "policy" / "retention.yaml").read_text("utf-8"))
    rules["services"]["intake"]["reports"]["received"] = 99
    (tmp_path / "retention.yaml").write_text(yaml.safe_dump(rules))
    sweep(world, tmp_path, days=ahead_of_us(intake))
    assert is_forgotten(intake, receipt)


def ahead_of_us(intake: Held) -> float:
    return (intake.clock.now() - datetime.now(UTC)) / timedelta(days=1)


def sweep(world: World, policy: Path, days: float, times: int = 1) -> None:
    """So many replicas at once, each a process of its own, in so many days."""
    settings, _ = world.settings("intake", "", (policy,))
    printed = world.directory / "forgetting.log"
    with printed.open("wb") as log:
        running = [WARMED.start("tests.support.forgetting", [str(settings), str(days)], log) for _ in range(times)]
    assert ([each.wait(60) for each in running], printed.read_text()[-500:]) == ([0] * times, "")


def test_several_processes_forget_at_once_and_each_report_once(intake: Held, world: World, tmp_path: Path) -> None:
    refs = {taken(intake, subject={}, contact_safety={})["case_ref"] for _ in range(120)}
    sweep(world, tmp_path, days=ahead_of_us(intake) + 1096, times=3)
    audited = [each["subject"] for each in intake.audited("report.forgotten") if each["subject"] in refs]
    assert sorted(audited) == sorted(refs)
    assert isinstance(intake.chassis.journal.verify(), Verified)
    assert intake.records("data_keys", scope={"$in": [f"case:{ref}" for ref in refs]}) == []


def test_what_was_parked_and_nobody_decided_about_expires(intake: Held) -> None:
    ids = [secrets.token_hex(8) for _ in range(3)]
    for at in ids:
        intake.chassis.units.run(lambda unit, at=at: intake.chassis.parking.park(unit, _delivery(at), reason="poison", edge=True))
    parked = {each["_id"]: each for each in intake.chassis.parking.list(500, "parked")}
    assert len(parked) >= 3
    scopes = intake.chassis.keyring.scopes("parked:")
    intake.pass_days(89)
    assert set(parked) <= {each["_id"] for each in intake.chassis.parking.list(500, "parked")}
    intake.clock.advance(timedelta(days=1))
    assert intake.gauge("parked") >= 3
    intake.sweep()
    expired = {each["_id"] for each in intake.chassis.parking.list(500, "expired")}
    assert set(parked) <= expired
    assert [each for each in intake.records("parked") if each["body"] is not None] == []
    assert not set(scopes) & set(intake.chassis.keyring.scopes("parked:"))
    assert {each["subject"] for each in intake.audited("parked.expired")} >= set(parked)
    with pytest.raises(NotAllowedNow):
        intake.chassis.parking.replay(next(iter(parked)), by=Actor.operator("test"), reason="too late")
    assert intake.gauge("parked") == 0


def _delivery(message_id: str) -> Delivery:
    body = f"a body of an invented person, {message_id}".encode()
    return Delivery("intake.reports", "forms", body, "application/json", None, message_id)


def test_an_address_is_destroyed_when_its_owner_is_off_the_roster(world: World) -> None:
    with opened(world, "notify", SMTP) as notify:
        officer = Recipient(DUTY_OFFICER, "amina")
        put_duty_officer(notify.app.parts, "amina", {"email": "amina@example.org", "language": "en"}, CALL)
        assert notify.records("data_keys", scope=f"roster:{officer}")
        remove_duty_officer(notify.app.parts, "amina", CALL)
        assert notify.records("roster") == notify.records("data_keys", scope=f"roster:{officer}") == []
        told = [each["detail"]["why"] for each in notify.audited("roster.forgotten") if each["subject"] == str(officer)]
        assert told == ["removed"]
        for ask in (show_duty_officer, remove_duty_officer):
            with pytest.raises(NotFound):
                ask(notify.app.parts, "amina", CALL)


def test_a_roster_may_keep_an_address_for_a_while(world: World, tmp_path: Path) -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "policy" / "retention.yaml").read_text("utf-8"))
    rules["services"]["notify"]["roster"]["removed"] = 7
    (tmp_path / "retention.yaml").write_text(yaml.safe_dump(rules))
    with opened(world, "notify", SMTP, (tmp_path,)) as notify:
        officer = Recipient(DUTY_OFFICER, "baraka")
        put_duty_officer(notify.app.parts, "baraka", {"email": "baraka@example.org", "language": "en"}, CALL)
        remove_duty_officer(notify.app.parts, "baraka", CALL)
        with pytest.raises(NotFound):
            show_duty_officer(notify.app.parts, "baraka", CALL)
        assert len(notify.records("roster", _id=str(officer))) == 1
        notify.pass_days(7)
        assert notify.records("roster", _id=str(officer)) == []


def test_the_registry_forgets_a_case_its_person_and_the_keys(world: World) -> None:
    with opened(world, "registry") as registry:
        case_ref, unit = "NG-0000000001", registry.chassis.units.read()
        assert registry.app.on_intake_report_accepted(unit, _accepted(world, registry, case_ref)) is None
        assert registry.chassis.units.commit([unit]) == [None]
        (person,) = registry.records("defenders")
        scope = f"person:{person['_id']}"
        assert registry.records("data_keys", scope=scope)
        registry.pass_days(1095)
        assert registry.records("cases")[0]["state"] == "forgotten"
        assert registry.records("contacts") == []
        registry.pass_days(0.1)
        assert registry.records("defenders") == registry.records("data_keys", scope=scope) == []
        assert registry.gauge("retention") == 0
        assert [each["detail"]["why"] for each in registry.audited("case.forgotten")] == ["received"]


def _accepted(world: World, registry: Held, case_ref: str) -> Any:
    """What intake says, loaded as the consumer hands it over."""
    key_id, public = keyfiles.active_public(world.directory / "keys" / "public", "registry")
    told = {"v": 1, "case_ref": case_ref, "identity": {"names": ["Zawadi Invented"], "phones": ["+254700000009"]},
            "attributes": {}, "contact_safety": None}  # fmt: skip
    now = registry.clock.now()
    data = {
        "report_id": "r", "case_ref": case_ref, "source_id": "s", "received_at": now, "occurred_at": now, "urgency": "low",
        "urgency_reasons": [], "policy_version": "1", "reporter_role": "self", "violations": [], "needs": [], "county": "KE-30",
        "languages": [], "consent": [], "has_narrative": False,
        "sealed_identity": {"key_id": key_id, "box": seals.seal_to(public, json.dumps(told).encode())},
    }  # fmt: skip
    event = make("intake.report.accepted.v1", subject=case_ref, data=data)
    return replace(event, data=open_event(event), sequence=1)
