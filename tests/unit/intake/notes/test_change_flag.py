"""A flag is set and cleared by who has seen the flags as they are, and each change is on record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.contracts import field_errors
from services.intake.notes.change_flag import FlagChange, change_flag
from services.intake.policy import IntakePolicy
from tests.support.desk import AMINA, BARAKA, Desk, of_hub


@pytest.fixture
def desk(policy: IntakePolicy) -> Desk:
    return Desk(policy)


def is_set(desk: Desk) -> list[str]:
    file = desk.intake.ctx.case_files.get(desk.case_ref)
    return [flag.code for flag in file.flags if flag.is_set] if file else []


def test_a_flag_is_set_and_cleared_and_both_are_on_record(desk: Desk) -> None:
    revision = desk.flags("do_not_visit")
    assert is_set(desk) == ["do_not_visit"]
    desk.flags("do_not_visit", is_set=False, seen=revision, who=BARAKA)
    assert is_set(desk) == []
    assert desk.audited("flag.set") == [(f"{desk.case_ref} operator:amina", {"flag": "do_not_visit"})]
    assert desk.audited("flag.cleared") == [(f"{desk.case_ref} operator:baraka", {"flag": "do_not_visit"})]


def test_the_answer_has_every_flag_of_policy_with_its_labels(desk: Desk) -> None:
    answer = change_flag(desk.by(), desk.case_ref, {"flag": "needs_interpreter", "is_set": True, "revision": 0})
    shown = {each["code"]: each for each in answer["flags"]}
    assert set(shown) == set(desk.policy.flags)
    assert [code for code, each in shown.items() if each["is_set"]] == ["needs_interpreter"]
    assert set(shown["needs_interpreter"]["label"]) == {"en", "sw"}
    assert (shown["needs_interpreter"]["changed_by"], shown["do_not_visit"]["changed_by"]) == ("operator:amina", None)
    assert (answer["revision"], answer["notes"], answer["forgotten"]) == (1, 0, False)


def test_a_change_by_who_has_not_seen_the_last_one_is_refused_with_whose_that_was(desk: Desk) -> None:
    desk.flags("do_not_visit")
    with pytest.raises(NotAllowedNow, match=r"by operator:amina at 2026-03-02 09:00 UTC") as refused:
        desk.flags("media_interest", seen=0, who=BARAKA)
    assert (refused.value.slug, [each.pointer for each in refused.value.errors]) == ("flags-changed", ["/revision"])
    assert is_set(desk) == ["do_not_visit"]


def test_a_revision_from_nowhere_is_refused_too(desk: Desk) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        desk.flags("media_interest", seen=4)
    assert refused.value.slug == "flags-changed"


def test_what_is_so_already_stays_whatever_was_seen_because_the_request_may_be_a_repeat(desk: Desk) -> None:
    desk.flags("do_not_visit")
    assert desk.flags("do_not_visit", seen=0) == 1
    assert desk.flags("media_interest", is_set=False, seen=0) == 1
    assert len(desk.audited("flag.set")) == 1
    assert desk.audited("flag.cleared") == []


def test_a_note_does_not_outdate_the_flags(desk: Desk) -> None:
    desk.flags("do_not_visit")
    desk.writes()
    assert desk.flags("media_interest", seen=1) == 2


def test_a_code_that_policy_does_not_know_is_refused_and_not_repeated(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.flags("lives_in_thika")
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/flag", "unknown_code")
    assert "thika" not in f"{refused.value} {error.detail}"
    assert "do_not_visit" in error.detail


def test_a_flag_that_policy_has_retired_can_be_cleared_and_not_set(desk: Desk) -> None:
    desk.flags("do_not_visit")
    desk.intake.policy = replace(desk.policy, flags={"media_interest": {"en": "Media"}})
    with pytest.raises(InvalidInput):
        desk.flags("do_not_call", seen=1)
    answer = change_flag(desk.by(), desk.case_ref, {"flag": "media_interest", "is_set": True, "revision": 1})
    assert [(each["code"], each["is_set"], each["label"]) for each in answer["flags"]] == [
        ("media_interest", True, {"en": "Media"}),
        ("do_not_visit", True, {}),
    ]
    desk.flags("do_not_visit", is_set=False, seen=2)
    assert is_set(desk) == ["media_interest"]
    with pytest.raises(InvalidInput):
        desk.flags("do_not_visit", is_set=False, seen=3)


def test_a_case_that_is_not_there_or_out_of_reach_is_answered_the_same_way(desk: Desk) -> None:
    change = {"flag": "do_not_visit", "is_set": True, "revision": 0}
    said = set()
    for who, case_ref in ((AMINA, "NG-9999"), (of_hub("KE-28"), desk.case_ref)):
        with pytest.raises(NotFound) as refused:
            change_flag(desk.by(who), case_ref, change)
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.parametrize(("changes", "pointer", "code"), [
    ({"flag": None}, "/flag", "null"), ({"flag": 5}, "/flag", "wrong_type"), ({"flag": ""}, "/flag", "length"),
    ({"flag": "f" * 65}, "/flag", "length"), ({"is_set": "perhaps"}, "/is_set", "wrong_type"),
    ({"is_set": None}, "/is_set", "null"),
    ({"revision": -1}, "/revision", "range"), ({"revision": "0"}, "/revision", "wrong_type"),
    ({"revision": None}, "/revision", "null"),
    ({"why": "words"}, "/why", "unknown_field"),
])  # fmt: skip
def test_each_field_that_is_wrong_is_named(changes: dict[str, Any], pointer: str, code: str) -> None:
    errors = field_errors(FlagChange().validate({"flag": "do_not_visit", "is_set": True, "revision": 0, **changes}))
    assert [(each.pointer, each.code) for each in errors] == [(pointer, code)]


@pytest.mark.parametrize("missing", ["flag", "is_set", "revision"])
def test_nothing_of_a_change_is_guessed(missing: str) -> None:
    whole = {"flag": "do_not_visit", "is_set": True, "revision": 0}
    errors = field_errors(FlagChange().validate({name: value for name, value in whole.items() if name != missing}))
    assert [(each.pointer, each.code) for each in errors] == [(f"/{missing}", "required")]
