"""Notify as a process of its own: real broker, real store, real mail."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest

from ngao.contracts import Event, decode, make, subscriptions_of
from ngao.local.mailbox import Mail, messages
from ngao.testing.broker import Line, provision
from ngao.testing.mailbox import Mailbox, behave, misbehave
from ngao.testing.processes import ServiceProcess, World, free_port
from ngao.testing.waiting import eventually
from tests.support.notify import refusals

SAID = tuple(f"notify.message.{what}.v1" for what in ("sent", "failed", "refused", "acknowledged"))
QUICK = """
rules:
  - {when: intake.report.accepted.v1, tell: duty_officer, template: look_now, ladder: critical, urgent: true}
  - {when: referral.unroutable.v1, tell: duty_officer, template: nothing_found, ladder: slow, urgent: true}
  - {when: intake.report.updated.v1, raised: true, tell: duty_officer, template: look_now, ladder: critical, urgent: true}
  - {when: intake.report.quarantined.v1, tell: duty_officer, template: not_readable, ladder: critical}
  - {when: intake.quarantine.filled.v1, tell: duty_officer, template: not_readable, ladder: critical, gravity: 1}
  - {when: referral.case.reopened.v1, tell: duty_officer, template: look_now, ladder: critical, urgent: true}
  - {when: referral.case.reopened.v1, tell: owner, template: owner_look, urgent: true}
  - {when: referral.disclosure.missed.v1, tell: duty_officer, template: look_now, ladder: critical, urgent: true}
  - {when: referral.helper.revoked.v1, tell: duty_officer, template: look_now, ladder: critical, urgent: true}
  - {when: referral.offered.v1, tell: partner, template: partner_new}
  - {when: referral.accepted.v1, tell: defender, template: defender_news}
ladders:
  critical:
    steps:
      - {person: duty-officer, within_minutes: 0.05}
      - {person: coordinator, within_minutes: 0.05}
  slow:
    steps:
      - {person: duty-officer, within_minutes: 30}
      - {person: coordinator, within_minutes: 30}
  daily:
    steps:
      - {person: coordinator, within_minutes: 720}
undeliverable: {template: not_reached, ladder: daily}
retry_after_seconds: [0.2, 0.2, 0.2, 60]
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("mail"))


@pytest.fixture(scope="module")
def notify(world: World, directory: Path) -> Iterator[ServiceProcess]:
    policy = world.directory / "policy"
    policy.mkdir()
    (policy / "notifications.yaml").write_text(QUICK)
    provision(world, {"notify": subscriptions_of("notify"), "referral": SAID})
    with Mailbox(directory) as mailbox:
        smtp = f'[own.smtp]\nhost = "127.0.0.1"\nport = {mailbox.port}\nfrom = "desk@example.org"\ntls = "none"'
        own = f"longest_pause_s = 2\n{smtp}"  # half a minute by default: tests/unit/notify/test_sending.py
        settings, port = world.settings("notify", own, (policy,))
        process = ServiceProcess(settings, port).start()
        for path in ("duty-officers/duty-officer", "duty-officers/coordinator", "partners/clinic"):
            entry = {"email": f"canary.{path.rpartition('/')[2]}@example.org", "language": "sw"}
            assert process.request("PUT", f"/v1/roster/{path}", entry, world.operator_key)[0] == 200
        yield process
        process.stop()


@pytest.fixture(autouse=True)
def well_behaved(notify: ServiceProcess, directory: Path) -> None:
    behave(directory)
    if not notify.is_running():
        notify.start()


@pytest.fixture
def case() -> str:
    return f"NG-{secrets.token_hex(5).upper()}"


def offered(case: str, partner: str = "clinic") -> Event:
    now = datetime.now(UTC)
    data = {
        "case_ref": case, "offer_id": "o", "partner_id": partner, "need": "n", "urgency": "high", "county": "KE-30",
        "languages": ["sw"], "respond_by": now + timedelta(hours=1), "attempt": 1, "reasons": [], "policy_version": "1",
    }  # fmt: skip
    return make("referral.offered.v1", subject=case, data=data)


def accepted(case: str) -> Event:
    data = {
        "case_ref": case, "offer_id": "o", "partner_id": "clinic", "need": "n", "urgency": "high",
        "accepted_at": datetime.now(UTC), "partner_public_key": "k", "partner_key_id": "k",
    }  # fmt: skip
    return make("referral.accepted.v1", subject=case, data=data)


def reported(case: str) -> Event:
    now = datetime.now(UTC)
    data = {
        "report_id": "r", "case_ref": case, "source_id": "s", "received_at": now, "occurred_at": now, "urgency": "critical",
        "urgency_reasons": [], "policy_version": "1", "reporter_role": "self", "violations": [], "needs": [], "county": "KE-30",
        "languages": [], "consent": [], "has_narrative": False,
    }  # fmt: skip
    return make("intake.report.accepted.v1", subject=case, data=data, urgent=True)


def quarantined(bundle: str) -> Event:
    data = {
        "quarantine_id": secrets.token_hex(16), "case_ref": bundle, "source_id": "forms", "profile": "kobo",
        "mapping_version": "1", "urgency": "high", "reason": "nothing-readable", "codes": [], "received_at": datetime.now(UTC),
    }  # fmt: skip
    return make("intake.report.quarantined.v1", subject=bundle, data=data)


def unroutable(case: str, need: str) -> Event:
    data = {
        "case_ref": case, "need": need, "need_number": sum(map(ord, need)), "urgency": "critical", "reason": "no_partner",
        "reasons": [], "told": "duty_officer",
    }  # fmt: skip
    return make("referral.unroutable.v1", subject=case, data=data, urgent=True)


def alarming(what: str, case: str) -> Event:
    """An event of referral about which a human must be asked, of a kind of its own."""
    data = {
        "case_ref": case, "need": "safe_house", "need_number": 1, "needs": ["safe_house"], "urgency": "critical",
        "county": "KE-30", "reason": what, "reasons": [], "told": "duty_officer", "offer_id": "o", "partner_id": "clinic",
    }  # fmt: skip
    return make(f"referral.{what}.v1", subject=case, data=data, urgent=True)


def acknowledged(notify: ServiceProcess, world: World, message: dict[str, Any]) -> bool:
    status, answer = notify.request("POST", f"/v1/messages/{message['message_id']}/acknowledge", {}, world.operator_key)
    return status == 200 and answer["state"] == "acknowledged"


def warnings(notify: ServiceProcess) -> dict[str, str]:
    """What readiness says an operator must mend; it is ready all the same."""
    status, answer = notify.request("GET", "/readyz")
    assert (status, answer["ready"]) == (200, True)
    return dict(answer["warnings"])


def _all_held(notify: ServiceProcess, world: World, case: str) -> bool:
    return all(each.get("held_since") for each in listed(notify, world, case))


def _metrics(notify: ServiceProcess) -> str:
    return str(notify.request("GET", "/metrics")[1], "utf-8")


@contextmanager
def _another(notify: ServiceProcess) -> Iterator[None]:
    """A second process of the same service, on a port of its own."""
    port = free_port()
    settings = notify.settings.with_name("another.toml")
    settings.write_text(notify.settings.read_text().replace(f"port = {notify.port}", f"port = {port}"))
    process = ServiceProcess(settings, port).start()
    try:
        yield
    finally:
        process.stop()


def listed(notify: ServiceProcess, world: World, case: str) -> list[dict[str, Any]]:
    """Oldest first."""
    status, answer = notify.request("GET", f"/v1/messages?case_ref={case}", key=world.operator_key)
    assert status == 200
    return list(reversed(answer["messages"]))


def states(notify: ServiceProcess, world: World, case: str) -> list[tuple[str, str]]:
    return [(each["recipient_ref"], each["state"]) for each in listed(notify, world, case)]


def mails(directory: Path, message: dict[str, Any]) -> list[Mail]:
    return [mail for mail in messages(directory) if message["message_id"] in mail.headers["Message-ID"]]


def said(line: Line, what: str, case: str, *, urgent: bool = False) -> list[Event]:
    queue = f"referral.notify.message.{what}.v1" + (".urgent" if urgent else "")
    return [event for _, body in line.take(queue) if (event := decode(body)).subject == case]


def test_an_offer_heard_ten_times_reaches_the_partner_once_and_is_said_once(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    line.publish(offered(case), times=10)
    eventually(lambda: states(notify, world, case) == [("clinic", "sent")], what="the message to be sent")
    message = listed(notify, world, case)[0]
    (mail,) = mails(directory, message)
    assert mail.recipients == ("canary.clinic@example.org",)
    assert message["reference"] in mail.text
    assert case not in mail.text + mail.subject + str(mail.headers)
    found = eventually(lambda: said(line, "sent", case), what="the event")
    assert [event.data["message_id"] for event in found] == [message["message_id"]]
    assert "canary" not in str(found)


def test_a_critical_report_climbs_the_ladder_until_somebody_acknowledges(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    line.publish(reported(case))
    both = [("duty-officer", "sent"), ("coordinator", "sent")]
    eventually(lambda: states(notify, world, case) == both, what="the coordinator to be told")
    first = listed(notify, world, case)[0]
    path = f"/v1/messages/{first['message_id']}/acknowledge"
    for _ in range(2):
        status, answer = notify.request("POST", path, {}, world.operator_key)
        assert (status, answer["state"], answer["acknowledged_by"]) == (200, "acknowledged", "tester")
    assert all("escalate_at" not in each or each["escalate_at"] is None for each in listed(notify, world, case))
    assert len(eventually(lambda: said(line, "acknowledged", case, urgent=True), what="the event")) == 1


def test_bodies_that_nobody_could_read_climb_one_ladder_until_somebody_acknowledges(
    notify: ServiceProcess, world: World, line: Line
) -> None:
    bundle = f"quarantine:forms:{secrets.token_hex(4)}"
    line.publish(quarantined(bundle))
    both = [("duty-officer", "sent"), ("coordinator", "sent")]
    eventually(lambda: states(notify, world, bundle) == both, what="the coordinator to be told")
    first = listed(notify, world, bundle)[0]
    status, answer = notify.request("POST", f"/v1/messages/{first['message_id']}/acknowledge", {}, world.operator_key)
    assert (status, answer["state"]) == (200, "acknowledged")
    assert len(eventually(lambda: said(line, "acknowledged", bundle), what="the event")) == 1
    later = [quarantined(bundle) for _ in range(5)]
    for event in later:
        line.publish(event)

    def became(state: str) -> set[str]:
        causes = {event.id for event in later}
        return {each["cause"] for each in listed(notify, world, bundle) if each["state"] == state and each["cause"] in causes}

    eventually(lambda: (len(became("sent")), len(became("covered"))) == (1, 4), what="one of the later bodies to ask for all")
    asking = [each for each in listed(notify, world, bundle) if each["cause"] in became("sent")]
    assert acknowledged(notify, world, asking[0])
    assert len(became("acknowledged")) == len(later)


@pytest.mark.parametrize("what", ["disclosure.missed", "helper.revoked", "case.reopened"])
def test_an_alarm_of_referral_reaches_a_human_also_just_after_another_was_acknowledged(
    *, notify: ServiceProcess, world: World, line: Line, directory: Path, case: str, what: str
) -> None:
    line.publish(reported(case))
    eventually(lambda: ("duty-officer", "sent") in states(notify, world, case), what="the first letter")
    assert acknowledged(notify, world, listed(notify, world, case)[0])
    event = alarming(what, case)
    line.publish(event)

    def letters() -> list[dict[str, Any]]:
        found = [each for each in listed(notify, world, case) if each["cause"] == event.id and each["state"] == "sent"]
        return [each for each in found if each["template"] == "look_now"]

    eventually(lambda: len(letters()) == 2, what="both persons of the ladder to be asked")
    assert [each["recipient_ref"] for each in letters()] == ["duty-officer", "coordinator"]
    assert all(len(mails(directory, each)) == 1 for each in letters())
    assert acknowledged(notify, world, letters()[-1])
    assert not [each for each in listed(notify, world, case) if each.get("escalate_at")]


def test_the_operator_who_acknowledged_a_case_gets_a_letter_when_it_is_opened_again(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    entry = {"email": "canary.tester@example.org", "language": "sw"}
    assert notify.request("PUT", "/v1/roster/duty-officers/tester", entry, world.operator_key)[0] == 200
    try:
        line.publish(reported(case))
        eventually(lambda: ("duty-officer", "sent") in states(notify, world, case), what="the first letter")
        assert acknowledged(notify, world, listed(notify, world, case)[0])
        line.publish(alarming("case.reopened", case))
        eventually(lambda: ("tester", "sent") in states(notify, world, case), what="the owner's letter")
        (letter,) = [each for each in listed(notify, world, case) if each["recipient_ref"] == "tester"]
        (mail,) = mails(directory, letter)
        assert (mail.recipients, letter["ladder"]) == (("canary.tester@example.org",), None)
        assert acknowledged(notify, world, letter)
        assert not [each for each in listed(notify, world, case) if each.get("escalate_at")]
    finally:
        assert notify.request("DELETE", "/v1/roster/duty-officers/tester", key=world.operator_key)[0] == 204


def owned(case: str, owner: str, sequence: int) -> Event:
    data = {"case_ref": case, "owner": owner, "since": datetime.now(UTC), "set_by": f"operator:{owner}", "reason": "taken_over"}
    return replace(make("referral.case.owned.v1", subject=case, data=data, urgent=True), sequence=sequence)


def test_the_owner_that_referral_names_gets_the_letter_also_after_a_hand_over(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    people = ("tester", "amina", "juma")
    for person in people:
        entry = {"email": f"canary.{person}@example.org", "language": "sw"}
        assert notify.request("PUT", f"/v1/roster/duty-officers/{person}", entry, world.operator_key)[0] == 200
    store = pymongo.MongoClient(world.parts.mongo)[world.database("notify")]

    def letters() -> list[str]:
        return [each["recipient_ref"] for each in listed(notify, world, case) if each["template"] == "owner_look"]

    try:
        line.publish(reported(case))
        eventually(lambda: ("duty-officer", "sent") in states(notify, world, case), what="the first letter")
        assert acknowledged(notify, world, listed(notify, world, case)[0])
        line.publish(owned(case, "amina", 5), times=3)
        eventually(lambda: (store.owners.find_one({"_id": case}) or {}).get("owner") == "amina", what="the owner")
        line.publish(alarming("case.reopened", case))
        eventually(lambda: letters() == ["amina"], what="the owner's letter, and none to who acknowledged")
        line.publish(owned(case, "juma", 9))
        eventually(lambda: (store.owners.find_one({"_id": case}) or {}).get("owner") == "juma", what="the hand over")
        line.publish(owned(case, "tester", 7))
        line.publish(alarming("case.reopened", case))
        eventually(lambda: letters() == ["amina", "juma"], what="the new owner's letter")
        assert store.owners.find_one({"_id": case})["owner"] == "juma"
    finally:
        store.client.close()
        for person in people:
            assert notify.request("DELETE", f"/v1/roster/duty-officers/{person}", key=world.operator_key)[0] == 204


def test_a_partner_nobody_knows_is_refused_where_an_operator_sees_it(
    notify: ServiceProcess, world: World, line: Line, case: str
) -> None:
    line.publish(offered(case, "stranger"))
    eventually(lambda: states(notify, world, case) == [("stranger", "refused")], what="the refusal")
    assert listed(notify, world, case)[0]["reason"] == "no_address"
    (event,) = eventually(lambda: said(line, "refused", case), what="the event")
    assert event.data["reason"] == "no_address"


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (None, "contact_unknown"),
        ({"may_contact": False, "channels": ["email"]}, "no_safe_contact"),
        ({"may_contact": True, "channels": ["phone"]}, "channel_not_allowed"),
    ],
)
def test_a_defender_is_not_told_unless_it_is_safe_and_the_refusal_is_an_event(
    *, notify: ServiceProcess, world: World, line: Line, case: str, contact: dict[str, Any] | None, reason: str
) -> None:
    if contact:
        data = {"case_ref": case, "defender_ref": None, "resolution": "new", "restrictions": [], "contact": contact}
        line.publish(make("registry.defender.resolved.v1", subject=case, data=data))
        store = pymongo.MongoClient(world.parts.mongo)[world.database("notify")]
        eventually(lambda: store.contact_summaries.find_one({"_id": case}), what="the summary")
        store.client.close()
    line.publish(accepted(case))
    eventually(lambda: states(notify, world, case) == [(case, "refused")], what="the refusal")
    assert listed(notify, world, case)[0]["reason"] == reason
    (event,) = eventually(lambda: said(line, "refused", case), what="the event")
    assert (event.data["recipient_kind"], event.data["reason"]) == ("defender", reason)


def test_a_server_that_is_busy_is_asked_again(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    misbehave(directory, refuse="451 later")
    line.publish(offered(case))
    eventually(lambda: _field(notify, world, case, "attempts") >= 2, what="a second try")
    behave(directory)
    eventually(lambda: states(notify, world, case) == [("clinic", "sent")], what="the message to be sent")
    assert {note["reason"] for note in listed(notify, world, case)[0]["history"]} == {"", "smtp_451"}


def test_a_permanent_refusal_tells_a_human_instead(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    misbehave(directory, refuse="550 no such user", only_to="canary.clinic@example.org")  # the officer's letter goes out
    line.publish(offered(case))
    eventually(lambda: states(notify, world, case)[:1] == [("clinic", "failed")], what="the failure")
    behave(directory)
    (event,) = eventually(lambda: said(line, "failed", case), what="the event")
    assert event.data["recipient_ref"] == "clinic"
    assert (event.data["reason"], event.data["next_step"]) == ("smtp_550", "duty_officer:duty-officer")


WITHOUT_A_CODE = [("rcpt", "550 relay not permitted"), ("rcpt", "553 not in my list of allowed rcpthosts (#5.7.1)")]


@pytest.mark.parametrize(("step", "answer"), [*refusals(), *WITHOUT_A_CODE])
def test_while_the_whole_account_is_refused_letters_wait_and_readiness_says_so_and_then_each_goes_out_once(
    *, notify: ServiceProcess, world: World, line: Line, directory: Path, case: str, step: str, answer: str
) -> None:
    misbehave(directory, refuse=answer, at=step)
    line.publish(reported(case))
    eventually(lambda: "mail" in warnings(notify), what="readiness to show that no mail goes")
    eventually(lambda: len(listed(notify, world, case)) == 2, what="the ladder to climb in time")
    eventually(lambda: _all_held(notify, world, case), within=60, what="both letters to be held")
    assert {(each["state"], each["attempts"]) for each in listed(notify, world, case)} <= {("queued", 0), ("sending", 1)}
    behave(directory)
    both = [("duty-officer", "sent"), ("coordinator", "sent")]
    eventually(lambda: states(notify, world, case) == both, within=60, what="both letters to go out")
    assert all(len(mails(directory, each)) == 1 for each in listed(notify, world, case))
    assert "mail" not in warnings(notify)
    assert not said(line, "failed", case, urgent=True)


def test_one_full_mailbox_holds_no_other_letter(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    full = "452 4.2.2 The email account that you tried to reach is over quota"
    misbehave(directory, refuse=full, only_to="canary.clinic@example.org")
    line.publish(offered(case))
    eventually(lambda: _field(notify, world, case, "attempts") >= 2, what="a second try, which only a letter of its own gets")
    line.publish(reported(case + "9"))
    eventually(lambda: ("duty-officer", "sent") in states(notify, world, case + "9"), what="the other letter")
    assert "mail" not in warnings(notify)
    assert not listed(notify, world, case)[0].get("held_since")


def test_a_roster_without_officers_is_shown_before_the_first_report_and_an_officer_who_is_added_is_asked(
    notify: ServiceProcess, world: World, line: Line, case: str
) -> None:
    for person in ("duty-officer", "coordinator"):
        assert notify.request("DELETE", f"/v1/roster/duty-officers/{person}", key=world.operator_key)[0] == 204
    try:
        assert "bin/ngao officer add" in warnings(notify)["ladders"]
        assert 'ngao_notify_reachable{ladder="critical"} 0.0' in _metrics(notify)
        line.publish(reported(case))
        refused = {("duty-officer", "refused"), ("coordinator", "refused")}
        eventually(lambda: set(states(notify, world, case)) == refused, what="both to be refused")
        eventually(lambda: "alarms" in warnings(notify), what="the unheard alarm to be shown")
    finally:
        for person in ("duty-officer", "coordinator"):
            entry = {"email": f"canary.{person}@example.org", "language": "sw"}
            assert notify.request("PUT", f"/v1/roster/duty-officers/{person}", entry, world.operator_key)[0] == 200
    assert "ladders" not in warnings(notify)
    eventually(lambda: ("duty-officer", "sent") in states(notify, world, case), what="the officer to be asked")


def test_an_officer_who_is_added_is_asked_although_the_process_died_before_it_asked(
    notify: ServiceProcess, world: World, line: Line, case: str
) -> None:
    officers = [f"/v1/roster/duty-officers/{person}" for person in ("duty-officer", "coordinator")]
    for path in officers:
        assert notify.request("DELETE", path, key=world.operator_key)[0] == 204
    store: Any = pymongo.MongoClient(world.parts.mongo)[world.database("notify")]
    try:
        line.publish(reported(case))
        eventually(lambda: [state for _, state in states(notify, world, case)] == ["refused"] * 2, what="both to be refused")
        before = list(store.messages.find({"case_ref": case})), list(store.alarms.find({"_id": case}))
    finally:
        for path in officers:
            entry = {"email": f"canary.{path.rpartition('/')[2]}@example.org", "language": "sw"}
            assert notify.request("PUT", path, entry, world.operator_key)[0] == 200
        notify.signal(signal.SIGKILL)
        notify.wait()
    assert store.roster.count_documents({"joined_at": {"$exists": True}}) == len(officers)
    for name, records, which in (("messages", before[0], "case_ref"), ("alarms", before[1], "_id")):
        store[name].delete_many({which: case})  # as they were when it had not asked yet
        store[name].insert_many(records)
    notify.start()
    eventually(lambda: "sent" in [state for _, state in states(notify, world, case)], within=40, what="an officer to be asked")
    marked = {"joined_at": {"$exists": True}}
    eventually(lambda: not store.roster.count_documents(marked), within=40, what="the marks to end")
    store.client.close()


def test_five_alarms_at_once_in_two_processes_make_one_ladder_and_lose_none(
    notify: ServiceProcess, world: World, line: Line, case: str
) -> None:
    with _another(notify):
        cases = [f"{case}{number}" for number in range(8)]
        for number in range(5):
            for each in cases:
                line.publish(unroutable(each, f"need-{number}"))
        eventually(lambda: all(len({m["cause"] for m in listed(notify, world, each)}) == 5 for each in cases), what="all causes")
    for each in cases:
        found = listed(notify, world, each)
        asking = {message["cause"] for message in found if message["state"] in {"sent", "sending", "queued"}}
        assert len(asking) == 1
        assert all(message["state"] == "covered" for message in found if message["cause"] not in asking)
        status, _ = notify.request("POST", f"/v1/messages/{found[0]['message_id']}/acknowledge", {}, world.operator_key)
        assert status == 200
        unseen = [m for m in listed(notify, world, each) if m["cause"] not in asking and m["state"] != "acknowledged"]
        assert unseen == []


@pytest.mark.parametrize("due", [timedelta(seconds=-1), timedelta(days=2)], ids=["lease-over", "lease-of-a-clock-ahead"])
def test_a_message_taken_but_not_recorded_when_the_process_died_is_sent_again_with_the_same_id(
    notify: ServiceProcess, world: World, line: Line, directory: Path, *, case: str, due: timedelta
) -> None:
    misbehave(directory, at="data", delay_s=2.0)
    line.publish(offered(case))
    eventually(lambda: states(notify, world, case) == [("clinic", "sending")], what="the conversation")
    message = listed(notify, world, case)[0]
    notify.signal(signal.SIGKILL)
    notify.wait()
    behave(directory)
    client: Any = pymongo.MongoClient(world.parts.mongo)
    ends = {"due": datetime.now(UTC) + due}
    client[world.database("notify")].messages.update_one({"_id": message["message_id"]}, {"$set": ends})
    client.close()
    notify.start()
    eventually(lambda: states(notify, world, case) == [("clinic", "sent")], what="the second try")
    assert _field(notify, world, case, "attempts") == 2
    assert 1 <= len(mails(directory, message)) <= 2
    eventually(lambda: len(said(line, "sent", case)) == 1, what="the event")


def test_a_slow_routine_letter_does_not_hold_an_urgent_one(
    notify: ServiceProcess, world: World, line: Line, directory: Path, case: str
) -> None:
    misbehave(directory, at="data", delay_s=6.0, only_to="canary.clinic@example.org")
    line.publish(offered(case))
    eventually(lambda: states(notify, world, case) == [("clinic", "sending")], what="the slow conversation")
    line.publish(reported(case + "9"))
    eventually(lambda: ("duty-officer", "sent") in states(notify, world, case + "9"), within=3, what="the urgent message")
    assert states(notify, world, case) == [("clinic", "sending")]
    eventually(lambda: states(notify, world, case) == [("clinic", "sent")], what="the slow one")


def test_addresses_are_shown_masked_stored_sealed_and_never_logged(notify: ServiceProcess, world: World) -> None:
    status, answer = notify.request("GET", "/v1/roster", key=world.operator_key)
    assert status == 200
    assert {(each["id"], each["address"]) for each in answer["roster"]} >= {("clinic", "c…@….org")}
    client: Any = pymongo.MongoClient(world.parts.mongo)
    stored = str([list(client[world.database("notify")][name].find()) for name in ("roster", "messages", "outbox", "audit")])
    client.close()
    assert "canary" not in stored
    assert "roster.read" in stored
    assert "canary" not in notify.log.read_text()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/v1/roster/partners/clinic", {"email": "canary"}, 422),
        ("PUT", "/v1/roster/partners/clinic", {"email": "a@example.org", "phone": "canary"}, 422),
        ("PUT", "/v1/roster/partners/CANARY", {"email": "a@example.org"}, 400),
        ("GET", "/v1/roster/duty-officers/nobody", None, 404),
        ("GET", "/v1/messages?limit=0", None, 400),
        ("GET", "/v1/messages?state=canary", None, 400),
        ("GET", "/v1/messages/nobody", None, 404),
        ("POST", "/v1/messages/nobody/acknowledge", {}, 404),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    *, notify: ServiceProcess, world: World, method: str, path: str, body: Any, status: int
) -> None:
    answered, problem = notify.request(method, path, body, world.operator_key)
    assert answered == status
    assert "canary" not in str(problem).lower()


def test_only_operators_are_answered(notify: ServiceProcess) -> None:
    for path in ("/v1/roster", "/v1/messages"):
        assert notify.request("GET", path)[0] == 401


def _field(notify: ServiceProcess, world: World, case: str, name: str) -> int:
    found = listed(notify, world, case)
    return int(found[0][name]) if found else 0
