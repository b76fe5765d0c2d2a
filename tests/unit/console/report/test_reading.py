"""What is typed at a question: checked where it is typed, and nothing that no page offers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.console.report.model import Answers
from services.console.report.reading import LONGEST, Lists, NotOffered, Wrong, is_answered, options, read

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LISTS = Lists(
    acts={"disappearance": ("enforced_disappearance", "abduction_kidnapping"), "unclassified": ("unclassified",)},
    perpetrators=("police", "unknown"), counties=("KE-30",), needs=("legal_aid", "medical"), region="KE",
)  # fmt: skip
NEW = Answers("a" * 32, NOW.isoformat())


def taken(code: str, answers: Answers = NEW, **typed: str) -> Any:
    return read(code, typed, answers, LISTS, NOW)


def test_a_choice_is_kept_by_its_code_and_what_has_a_time_with_its_moment() -> None:
    assert taken("talk", choice="yes") == {"talk": {"choice": "yes"}}
    assert taken("ongoing", choice="yes") == {"ongoing": {"choice": "yes", "at": "2026-03-02T09:00:00+00:00"}}
    assert taken("county", choice="KE-30") == {"county": {"choice": "KE-30"}}


def test_the_acts_of_the_chosen_group_are_offered_and_no_others() -> None:
    of_group = NEW.answered(taken("group", choice="disappearance"))
    assert options("act", of_group, LISTS) == ("enforced_disappearance", "abduction_kidnapping")
    assert taken("act", of_group, choice="abduction_kidnapping") == {"act": {"choice": "abduction_kidnapping"}}
    with pytest.raises(NotOffered):
        taken("act", of_group, choice="unclassified")


def test_a_group_with_one_act_is_that_act() -> None:
    assert taken("group", choice="unclassified")["act"] == {"choice": "unclassified"}


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("talk", {"choice": "perhaps"}), ("talk", {}), ("county", {"choice": ""}), ("who", {"choice": "<script>"}),
        ("needs", {"need_everything": "yes"}), ("reach", {"choice": "perhaps"}), ("share", {"choice": "YES"}),
    ],
)  # fmt: skip
def test_what_no_page_offers_is_no_answer(code: str, typed: dict[str, str]) -> None:
    with pytest.raises(NotOffered):
        read(code, typed, NEW, LISTS, NOW)


@pytest.mark.parametrize(
    ("code", "typed", "field"),
    [
        ("person", {"name": "Invented", "phone": "call my sister"}, "phone"),
        ("callback", {"phone": "12"}, "phone"),
        ("reach", {"opens": "18:00"}, "closes"),
        ("reach", {"opens": "6pm", "closes": "20:00"}, "opens"),
        ("reach", {"code_word": "x" * 81}, "code_word"),
        ("words", {"text": "x" * (LONGEST["text"] + 1)}, "text"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(code: str, typed: dict[str, str], field: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read(code, typed, NEW, LISTS, NOW)
    assert wrong.value.name == field


@pytest.mark.parametrize("phone", ["0700 000 101", "+254 700 000101", ""])
def test_a_number_is_kept_as_it_was_said(phone: str) -> None:
    assert taken("person", name="Invented Wairimu", phone=phone) == {"person": {"name": "Invented Wairimu", "phone": phone}}


def test_how_to_call_back_is_how_to_reach_her_too() -> None:
    found = taken("callback", phone="0700 000 101", opens="18:00", closes="20:00", others="yes", code_word="mwezi")
    assert found["callback"] == {"phone": "0700 000 101"}
    assert found["reach"] == {
        "choice": "yes", "opens": "18:00", "closes": "20:00", "code_word": "mwezi", "instructions": "", "others": True,
        "voicemail": False, "sms": False,
    }  # fmt: skip


def test_who_must_not_be_contacted_has_no_hours() -> None:
    assert taken("reach", choice="no", opens="18:00") == {"reach": {"choice": "no"}}


def test_another_button_takes_along_what_was_typed_and_nothing_else() -> None:
    assert is_answered("person", {"phone": " 0700 ", "csrf_token": "x"})
    assert is_answered("needs", {"need_legal_aid": "yes"})
    assert not is_answered("person", {"phone": " ", "name": "", "sealed": "x", "question": "person"})
    assert not is_answered("reach", {"others": "yes"}), "it is ticked before anything is answered"
    assert not is_answered("county", {"choice": ""})
