"""Officers record how a person may be reached; values are masked, faults name their field, and the record is kept and erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from ngao.chassis.errors import Forbidden, InvalidInput, NotFound
from ngao.chassis.security.identity import Principal
from ngao.contracts import field_errors
from services.registry.contact.manage import confirm_contact, forget_contacts, put_contact, read_contact_values, remove_contact
from services.registry.contact.model import KEPT_FOR
from services.registry.contact.requests import ContactToKeep
from services.registry.contact.stop import lift_stop
from services.registry.people.finding import known_person
from services.registry.people.keeping import forget
from services.registry.people.register import register_defender
from tests.unit.registry.contact.conftest import EVENINGS, PHONE, SEES, Desk

MASKED = Principal("operator", "watch", {})


def test_the_same_contact_again_is_stored_in_its_place(desk: Desk) -> None:
    first = desk.put(code_word="mwavuli")
    assert desk.put(address="0700 000 001", code_word="jua") == first
    (shown,) = desk.read()["contacts"]
    assert (shown["address"], shown["code_word"], shown["confirmed_by"]) == (PHONE, "jua", "operator:amina")
    assert shown["due_at"] == desk.register.now + timedelta(days=90)


def test_without_the_right_to_see_values_neither_address_nor_words_nor_hours_are_shown(desk: Desk) -> None:
    desk.put(code_word="mwavuli", stop_word="mvua", instructions="Say you are from the bank.", hours=EVENINGS)
    shown = desk.read(MASKED)
    assert shown["masked"]
    text = repr(shown)
    assert not any(each in text for each in ("mwavuli", "mvua", "bank", "18:00", PHONE[:9]))


def test_values_are_read_for_a_reason_by_who_may_see_them(desk: Desk) -> None:
    desk.put(code_word="mwavuli")
    (shown,) = read_contact_values(desk.register.open(SEES), desk.ref, reason="case_work")["contacts"]
    assert (shown["address"], shown["code_word"]) == (PHONE, "mwavuli")
    assert desk.register.heard.details["contacts.read"] == {"reason": "case_work", "shown": "values"}
    with pytest.raises(Forbidden):
        read_contact_values(desk.register.open(MASKED), desk.ref, reason="case_work")
    with pytest.raises(InvalidInput):
        read_contact_values(desk.register.open(SEES), desk.ref, reason="curiosity")


def test_what_is_recorded_is_put_on_record_without_a_value(desk: Desk) -> None:
    contact = desk.put(code_word="mwavuli")
    detail = {"contact": contact, "channel": "phone", "allowed": "true", "how": "in_person"}
    assert desk.register.heard.details["contact.confirmed"] == detail


def test_confirming_again_moves_the_date_and_changes_nothing_else(desk: Desk) -> None:
    contact = desk.put(hours=EVENINGS)
    desk.register.pass_time(days=80)
    confirm_contact(desk.register.open(SEES), desk.ref, contact, {"confirmed_how": "by_phone"})
    (shown,) = desk.read()["contacts"]
    assert (shown["hours"], shown["confirmed_how"]) == (EVENINGS, "by_phone")
    assert shown["due_at"] == desk.register.now + timedelta(days=90)


def test_an_unknown_person_or_contact_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        confirm_contact(desk.register.open(SEES), desk.ref, "0" * 32, {"confirmed_how": "by_phone"})
    with pytest.raises(NotFound):
        remove_contact(desk.register.open(SEES), desk.ref, "0" * 32)
    with pytest.raises(NotFound):
        lift_stop(desk.register.open(SEES), desk.ref)


@pytest.mark.parametrize(("changes", "pointer", "code"), [
    ({"hours": [{"opens": "08:00", "closes": "08:00"}]}, "/hours/0/closes", "no_time"),
    ({"hours": [{"opens": "8am", "closes": "09:00"}]}, "/hours/0/opens", "format"),
    ({"zone": "Africa/Nairobbery"}, "/zone", "unknown_zone"),
    ({"channel": "pigeon"}, "/channel", "unknown_code"),
    ({"allowed": True, "person_calls": True}, "/allowed", "contradicts"),
    ({"confirmed_how": None}, "/confirmed_how", "required"),
])  # fmt: skip
def test_a_wrong_field_is_named_and_its_value_is_not_said(desk: Desk, changes: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        desk.put(**changes)
    (error,) = field_errors(refused.value.messages)  # type: ignore[arg-type]
    assert (error.pointer, error.code) == (pointer, code)
    assert "obbery" not in error.detail
    assert "pigeon" not in error.detail


@pytest.mark.parametrize(("channel", "address", "code"), [
    ("phone", "0700 000 001 / 0700 000 002", "two_phones"),
    ("sms", "0700000001 au 0700000002", "two_phones"),
    ("phone", "none", "not_a_phone"),
    ("phone", "mary@example.org", "not_a_phone"),
    ("email", "0700 000 001", "format"),
    ("email", "a@example.org, b@example.org", "format"),
])  # fmt: skip
def test_a_contact_is_one_address_of_its_channel(desk: Desk, channel: str, address: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.put(channel=channel, address=address)
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/address", code)
    assert address not in error.detail
    assert desk.read()["contacts"] == []


def test_more_contacts_than_a_record_may_have_are_refused(desk: Desk) -> None:
    for number in range(20):
        desk.put(address=f"07000001{number:02d}")
    with pytest.raises(InvalidInput):
        desk.put(address="0700 000 200")
    desk.put(address="0700 000 100", allowed=False)
    assert len(desk.read()["contacts"]) == 20


def test_a_person_without_a_case_is_kept_for_it_and_let_go_when_nothing_is_left(desk: Desk) -> None:
    desk.ref = register_defender(desk.register.open(SEES), {"identity": {"names": ["Asha Noor"], "phones": [], "emails": []}})[
        "defender_ref"
    ]
    contact = desk.put()
    assert known_person(desk.register.ctx, desk.ref).is_kept_for(KEPT_FOR)
    remove_contact(desk.register.open(SEES), desk.ref, contact)
    assert not known_person(desk.register.ctx, desk.ref).is_kept_for(KEPT_FOR)
    assert desk.register.contact_safety.kept == {}


def test_a_stop_is_kept_when_the_last_contact_is_removed(desk: Desk) -> None:
    contact = desk.put()
    desk.stop()
    remove_contact(desk.register.open(SEES), desk.ref, contact)
    assert desk.read()["stopped"]["reason"] == "said_stop"
    assert known_person(desk.register.ctx, desk.ref).is_kept_for(KEPT_FOR)


def test_who_is_forgotten_leaves_nothing_here(desk: Desk) -> None:
    desk.put()
    assert forget(desk.register.ctx, desk.ref)["contact_safety"] == 1
    assert desk.register.contact_safety.kept == {}
    assert forget_contacts(desk.register.ctx, desk.ref) == {}


def test_what_is_left_out_is_careful() -> None:
    loaded = ContactToKeep().load({"channel": "phone", "address": "0700000001", "allowed": True, "confirmed_how": "in_person"})
    assert (loaded["shared_device"], loaded["low_detail"], loaded["voicemail"], loaded["caller_name"], loaded["who_answers"]) == (
        True, True, "never", "none", "anyone",
    )  # fmt: skip


def test_a_person_who_is_not_there_has_no_contacts(desk: Desk) -> None:
    body = ContactToKeep().load({"channel": "phone", "address": PHONE, "allowed": True, "confirmed_how": "in_person"})
    with pytest.raises(NotFound):
        put_contact(desk.register.open(SEES), "DEF-0000000000", body)
