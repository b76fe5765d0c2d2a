"""What the pages of a case decide: flags and their last change, offers that wait, who is left out, and what a note is."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.case import model
from services.console.case.model import (
    flags_of,
    is_settling,
    lacks_consent,
    last_change,
    latest,
    left_out,
    note_of,
    waiting_offers,
)

FLAGS = {
    "flags": [
        {"code": "media_interest", "label": {"en": "Media"}, "is_set": False, "changed_by": None, "changed_at": None},
        {"code": "do_not_call", "label": {"en": "No call"}, "is_set": False, "changed_by": "operator:juma",
         "changed_at": "2026-11-30T02:14:00+00:00"},
        {"code": "do_not_visit", "label": {"en": "No visit"}, "is_set": True, "changed_by": "operator:amina",
         "changed_at": "2026-11-30T02:09:00+00:00"},
    ]
}  # fmt: skip


def test_flags_that_are_set_come_first_and_the_last_change_is_the_newest() -> None:
    flags = flags_of(FLAGS)
    assert [each.code for each in flags] == ["do_not_visit", "media_interest", "do_not_call"]
    last = last_change(flags)
    assert last is not None
    assert (last.code, last.by) == ("do_not_call", "juma")
    assert last_change(flags_of({})) is None


def test_only_offers_with_a_deadline_wait_each_at_its_need() -> None:
    offers = [{"need": "medical", "due": None, "partner_id": "a"}, {"need": "medical", "due": "x", "partner_id": "b"}]
    assert {need: [each["partner_id"] for each in found] for need, found in waiting_offers({"offers": offers}).items()} == {
        "medical": ["b"]
    }
    assert [model.is_asked({"state": state}) for state in ("offered", "received", "accepted")] == [True, True, False]


def test_consent_is_missing_when_every_open_need_waits_for_it() -> None:
    def case(*needs: tuple[str, str, str]) -> dict[str, Any]:
        steps = [{"need": name, "reason": reason} for name, _, reason in needs if reason]
        return {"needs": [{"need": name, "state": state} for name, state, _ in needs], "story": [{"what": "opened"}, *steps]}

    waits, settled = ("medical", "with_human", "no_consent"), ("legal_aid", "settled", "")
    assert lacks_consent(case(waits, settled))
    assert lacks_consent(case(("medical", "with_human", "no_partner"), waits)), "the last step counts"
    for other in (("legal_aid", "with_human", "no_partner"), ("legal_aid", "placed", ""), ("legal_aid", "pending", "no_consent")):
        assert not lacks_consent(case(waits, other))
    assert not lacks_consent(case(settled))
    assert not lacks_consent({})


def test_a_case_shows_its_newest_steps() -> None:
    assert latest(range(20)) == list(range(19, 7, -1))


def test_partners_are_left_out_by_reason_what_concerns_few_first() -> None:
    def excluded(partner: str, text: str) -> dict[str, Any]:
        return {"partner_id": partner, "reason": {"rule": "x", "text": text}}

    match = {"excluded": [excluded("a", "Far."), excluded("b", "Suspended."), excluded("c", "Far.")]}
    assert [(each.sentence, each.partners) for each in left_out(match)] == [("Suspended.", ("b",)), ("Far.", ("a", "c"))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"need": "legal_aid", "reason": "met"}, True),
        ({"need": "legal_aid", "reason": "because"}, False),
        ({"need": "../x", "reason": "met"}, False),
        ({}, False),
    ],
)
def test_a_need_is_closed_by_its_code_for_a_known_reason(typed: dict[str, str], expected: bool) -> None:
    assert is_settling(typed) is expected


@pytest.mark.parametrize("text", ["", " \r\n ", "x" * 4001])
def test_a_note_that_is_empty_or_too_long_is_none(text: str) -> None:
    assert note_of({"text": text, "act": "a" * 32}) is None


def test_a_note_has_its_act_and_the_number_that_it_corrects() -> None:
    typed = {"text": " Two\r\nlines ", "act": "a" * 32, "corrects": "3"}
    assert note_of(typed) == {"text": "Two\nlines", "act": "a" * 32, "corrects": 3}
    assert note_of({**typed, "corrects": "x"}) == {"text": "Two\nlines", "act": "a" * 32}
