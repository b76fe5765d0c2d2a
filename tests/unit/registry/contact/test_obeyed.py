"""Every place where a contact leaves the registry or is shown obeys what officers and reports say of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngao.chassis.errors import NotFound
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.contracts.events.registry import ContactOutdated
from ngao.kernel.scopes import OF_OUTSIDER
from ngao.testing.published import published
from services.registry.contact.ask import ask_contact, ask_contact_of_offer
from services.registry.contact.manage import confirm_contact
from services.registry.contact.ring import ring
from services.registry.contact.stop import lift_stop
from services.registry.people.read import read_defender
from services.registry.people.read_contact import read_contact
from tests.support.registry import MARY, SAFE, accepted, consent
from tests.unit.registry.contact.conftest import EVENINGS, PHONE, SEES, Desk

UNSAFE = SAFE | {"may_contact": False}
PARTNER = Principal(
    "operator", "p", {"offers:read": Grant(reach=OF_OUTSIDER)}, grant=Grant(reach=OF_OUTSIDER), outsider="partner-a"
)


ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}


def page(desk: Desk, despite: str = "") -> dict[str, Any]:
    return read_contact(desk.register.open(SEES), "NG-1", reason="case_work", despite=despite)


def disclosed(desk: Desk) -> dict[str, Any]:
    desk.register.accept(accepted())
    return dict(desk.register.heard.disclosed[-1])


# To partners.


def test_a_partner_gets_the_confirmed_contact_with_its_rules_instead_of_the_reports(desk: Desk) -> None:
    desk.put(hours=EVENINGS, code_word="jua", stop_word="mvua", caller_name="own_name", zone="Africa/Kampala")
    desk.put(channel="email", address="mary@example.org", allowed=False)
    told = disclosed(desk)
    assert (told["phones"], told["emails"]) == ([PHONE], [])
    assert told["contact_safety"]["hours"] == EVENINGS
    assert told["contact_safety"]["code_word"] == "jua"
    way = next(each for each in told["ways"] if each["channel"] == "phone")
    assert (way["zone"], way["stop_word"]) == ("Africa/Kampala", "mvua")
    assert (way["caller_name"], way["voicemail"]) == ("own_name", "never")
    assert not {"confirmed_by", "confirmed_at", "id"} & set(way)


def test_a_partner_at_work_gets_the_new_rules_at_once(desk: Desk) -> None:
    disclosed(desk)
    desk.put(code_word="jua")
    assert desk.register.heard.disclosed[-1]["supersedes"]
    assert desk.register.heard.disclosed[-1]["contact_safety"]["code_word"] == "jua"


def test_what_a_human_forbids_is_recalled_and_comes_back_when_a_human_allows_it(desk: Desk) -> None:
    disclosed(desk)
    for channel, address in (("phone", PHONE), ("email", "mary@example.org")):
        desk.put(channel=channel, address=address, allowed=False)
    assert desk.register.heard.recalled == ["offer-1"]
    assert not desk.register.may_leave("offer-1")
    desk.put()
    assert desk.register.heard.disclosed[-1]["phones"] == [PHONE]


def test_stop_recalls_at_once_and_holds_what_waits_in_the_outbox(desk: Desk) -> None:
    disclosed(desk)
    desk.stop()
    assert desk.register.heard.recalled == ["offer-1"]
    assert not desk.register.may_leave("offer-1")
    desk.register.accept(accepted(offer_id="offer-2"))
    assert [each["offer_id"] for each in desk.register.heard.disclosed] == ["offer-1"]
    lift_stop(desk.register.open(SEES), desk.ref)
    assert {each["offer_id"] for each in desk.register.heard.disclosed[1:]} == {"offer-1", "offer-2"}


def test_a_partner_learns_nothing_from_another_report_until_a_human_decides(desk: Desk) -> None:
    desk.put()
    disclosed(desk)
    desk.register.pass_time(hours=1)
    desk.register.report("NG-2", MARY, contact_safety=UNSAFE)
    assert desk.register.heard.recalled == []
    assert desk.register.may_leave("offer-1")


def test_a_later_no_of_the_own_report_recalls_what_a_human_confirmed_before(desk: Desk) -> None:
    contact = desk.put()
    disclosed(desk)
    desk.register.pass_time(hours=1)
    desk.register.update("NG-1", consent(), sequence=2, contact_safety=UNSAFE)
    assert desk.register.heard.recalled == ["offer-1"]
    desk.register.pass_time(hours=1)
    confirm_contact(desk.register.open(SEES), desk.ref, contact, {"confirmed_how": "by_phone"})
    assert desk.register.heard.disclosed[-1]["phones"] == [PHONE]


def test_an_overdue_confirmation_gives_no_one_new_the_contact_and_takes_none_away(desk: Desk) -> None:
    desk.put()
    disclosed(desk)
    desk.register.pass_time(days=105)
    desk.register.restrict(desk.ref, "partner-z")
    assert desk.register.heard.recalled == []
    told = desk.register.heard.disclosed
    desk.register.accept(accepted(offer_id="offer-2"))
    assert "phone" not in [each["channel"] for each in desk.register.heard.disclosed[-1].get("ways", ())]
    assert len(told) == 1


# To officers.


def test_the_contact_page_shows_a_confirmed_contact_in_its_hours_only(desk: Desk) -> None:
    desk.register.update("NG-1", sequence=2, contact_safety=UNSAFE)
    desk.register.pass_time(hours=1)
    desk.put(hours=EVENINGS, zone="Africa/Nairobi", code_word="jua")
    shown = page(desk)
    assert (shown["refused"], shown["identity"]) == ("outside_hours", None)
    assert "jua" not in json.dumps(shown)
    assert page(desk, "case_work")["identity"]["phones"] == [PHONE]
    desk.register.pass_time(days=1, hours=2, minutes=30)  # Monday 18:30 in Nairobi
    shown = page(desk)
    assert (shown["refused"], shown["identity"]["phones"], shown["ways"][0]["code_word"]) == (None, [PHONE], "jua")
    assert "code_word" in [each["code"] for each in shown["cautions"]]


def test_the_contact_page_says_that_the_person_stopped_contact_or_calls(desk: Desk) -> None:
    desk.put(allowed=False, person_calls=True)
    desk.put(channel="email", address="mary@example.org", allowed=False)
    desk.put(channel="sms", allowed=False)
    assert page(desk)["refused"] == "person_calls"
    desk.stop()
    shown = page(desk)
    assert (shown["refused"], shown["identity"], [each["code"] for each in shown["cautions"]]) == ("stopped", None, ["stopped"])


def test_an_officer_may_ask_who_is_overdue_and_is_reminded(desk: Desk) -> None:
    desk.put()
    desk.register.pass_time(days=105)
    shown = page(desk)
    assert shown["identity"]["phones"] == [PHONE]
    assert "reconfirm" in [each["code"] for each in shown["cautions"]]


def test_the_record_shows_the_stop_before_anything_else(desk: Desk) -> None:
    desk.stop()
    (contact,) = read_defender(desk.register.open(SEES), desk.ref, reason="case_work")["contact"]
    assert [each["code"] for each in contact["cautions"]] == ["stopped"]
    assert contact["channels"] == []


# To services.


def test_others_hear_at_once_by_which_channels_the_person_may_be_notified(desk: Desk) -> None:
    desk.put(channel="email", address="mary@example.org", allowed=False)
    assert "email" not in desk.register.last.channels
    desk.stop()
    assert (desk.register.last.may_contact, desk.register.last.channels) == (False, ())


def test_a_stop_of_who_may_be_the_same_person_holds_too(desk: Desk) -> None:
    other = desk.register.report("NG-2", ALMOST, contact_safety=SAFE)
    assert other.resolution == "candidate"
    desk.register.accept(accepted("NG-2", "offer-2"))
    desk.stop()
    assert "offer-2" in desk.register.heard.recalled
    assert not desk.register.last.may_contact


# The question.


def ask(desk: Desk, ref: str = "", channel: str = "") -> dict[str, Any]:
    return ask_contact(desk.register.open(SEES), ref or desk.ref, channel=channel)


def test_the_answer_says_whether_now_and_how_and_no_contact(desk: Desk) -> None:
    desk.put(code_word="jua", hours=EVENINGS, zone="Africa/Nairobi", voicemail="no_content")
    assert (ask(desk, channel="phone")["may_contact"], ask(desk, channel="phone")["reason"]) == (False, "outside_hours")
    desk.register.pass_time(days=1, hours=3, minutes=30)
    answer = ask(desk, channel="phone")
    assert (answer["may_contact"], answer["channels"]) == (True, ["phone"])
    assert (answer["rules"]["code_word"], answer["rules"]["voicemail"]) == (True, "no_content")
    assert not any(each in json.dumps(answer) for each in (PHONE, "jua", "18:00"))


def test_every_answer_is_equally_long_and_an_unknown_person_is_like_one_who_is_not_safe(desk: Desk) -> None:
    desk.put()
    answers = [ask(desk), ask(desk, "DEF-0000000000"), ask(desk, channel="sms")]
    desk.put(allowed=False)
    desk.put(channel="email", address="mary@example.org", allowed=False)
    desk.put(channel="sms", allowed=False)
    not_safe = ask(desk)
    desk.stop()
    answers += [not_safe, ask(desk), ask(desk, channel="email")]
    assert len({len(json.dumps(each, separators=(",", ":"))) for each in answers}) == 1
    assert not_safe == answers[1]


def test_a_partner_asks_about_its_own_accepted_offer_only(desk: Desk) -> None:
    contact = desk.put(hours=EVENINGS, zone="Africa/Nairobi")
    desk.put(channel="email", address="mary@example.org", allowed=False)
    desk.put(channel="sms", allowed=False)
    disclosed(desk)

    def asked(offer_id: str) -> dict[str, Any]:
        return ask_contact_of_offer(desk.register.open(PARTNER), offer_id)

    assert asked("offer-1")["reason"] == "outside_hours"
    desk.register.pass_time(days=1, hours=3, minutes=30)
    assert asked("offer-1")["may_contact"]
    unknown = asked("offer-9")
    desk.stop()
    assert asked("offer-1") == unknown
    assert (unknown["may_contact"], unknown["reason"]) == (False, "not_safe")
    with pytest.raises(NotFound):
        ask_contact_of_offer(desk.register.open(SEES), "offer-1")
    assert contact


def test_a_partner_without_confirmed_contacts_asks_by_the_reports_hours(desk: Desk) -> None:
    hours = [{"opens": "01:00", "closes": "02:00", "days": []}]
    desk.register.update("NG-1", consent(), sequence=2, contact_safety=SAFE | {"hours": hours})
    disclosed(desk)
    assert ask_contact_of_offer(desk.register.open(PARTNER), "offer-1")["reason"] == "outside_hours"


# The ring.


def rung(desk: Desk) -> list[tuple[str, str]]:
    return [(each.case_ref, each.defender_ref) for each, _ in published(desk.register.units, ContactOutdated)]


def test_a_contact_rings_when_it_is_due_once_and_again_until_a_human_confirms(desk: Desk) -> None:
    contact = desk.put()
    assert not ring(desk.register.open(), desk.ref)
    desk.register.pass_time(days=90)
    assert desk.register.ctx.contact_safety.to_ring(desk.register.now, 10) == [desk.ref]
    assert ring(desk.register.open(), desk.ref)
    assert not ring(desk.register.open(), desk.ref)
    assert rung(desk) == [("NG-1", desk.ref)]
    desk.register.pass_time(days=14)
    assert ring(desk.register.open(), desk.ref)
    confirm_contact(desk.register.open(SEES), desk.ref, contact, {"confirmed_how": "by_phone"})
    desk.register.pass_time(days=14)
    assert not ring(desk.register.open(), desk.ref)


def test_who_said_stop_is_not_asked(desk: Desk) -> None:
    desk.put()
    desk.stop()
    desk.register.pass_time(days=200)
    assert desk.register.ctx.contact_safety.to_ring(desk.register.now, 10) == []
    assert not ring(desk.register.open(), desk.ref)
