"""A note is written once for each act of its author, is never changed, and never leaves intake."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.contracts import field_errors
from services.intake.notes.model import MOST_CHARACTERS, MOST_NOTES, CaseFile
from services.intake.notes.write import NoteToWrite, write_note
from services.intake.policy import IntakePolicy
from tests.support.desk import ACT, AMINA, BARAKA, WORDS, Desk, call, of_hub


@pytest.fixture
def desk(policy: IntakePolicy) -> Desk:
    return Desk(policy)


def test_a_note_has_its_author_its_time_and_its_number(desk: Desk) -> None:
    (first, _), (second, _) = desk.writes(), desk.writes("She called back.", who=BARAKA)
    assert [(each.number, each.author, each.at, each.corrects) for each in (first, second)] == [
        (1, "operator:amina", desk.intake.now, None),
        (2, "operator:baraka", desk.intake.now, None),
    ]
    assert desk.texts == [WORDS, "She called back."]
    assert desk.audited("note.written") == [
        (f"{desk.case_ref} operator:amina", {"note": "1"}),
        (f"{desk.case_ref} operator:baraka", {"note": "2"}),
    ]


def test_the_answer_repeats_no_word_of_the_note(desk: Desk) -> None:
    answer = write_note(desk.by(), desk.case_ref, {"text": WORDS, "act": ACT}, call())
    assert {name: answer[name] for name in ("case_ref", "number", "author", "duplicate", "corrects")} == {
        "case_ref": desk.case_ref, "number": 1, "author": "operator:amina", "duplicate": False, "corrects": None,
    }  # fmt: skip
    assert "text" not in answer


def test_the_same_act_again_is_answered_with_the_first_note_and_writes_nothing(desk: Desk) -> None:
    first, _ = desk.writes(act=ACT)
    desk.intake.wait(3600)
    again, duplicate = desk.writes(f"{WORDS}\r\n", act=ACT)
    assert (duplicate, again.number, again.at, desk.texts) == (True, first.number, first.at, [WORDS])
    assert [each.revision for each in (*desk.intake.notes.kept.values(), *desk.intake.case_files.kept.values())] == [1, 1]
    assert len(desk.audited("note.written")) == 1


def test_the_header_names_an_act_that_bears_no_name_and_the_body_goes_before_it(desk: Desk) -> None:
    header = call("any printable key")
    answers = [write_note(desk.by(), desk.case_ref, {"text": WORDS}, header) for _ in range(2)]
    assert [each["duplicate"] for each in answers] == [False, True]
    assert write_note(desk.by(), desk.case_ref, {"text": WORDS, "act": ACT}, header)["duplicate"] is False


def test_an_act_is_its_authors_own(desk: Desk) -> None:
    desk.writes("Mine.", act=ACT)
    note, duplicate = desk.writes("Another's.", act=ACT, who=BARAKA)
    assert (note.number, duplicate, desk.texts) == (2, False, ["Mine.", "Another's."])


def test_an_act_that_wrote_another_note_is_refused_because_its_words_would_be_lost(desk: Desk) -> None:
    desk.writes(act=ACT)
    for text, corrects in (("Other words.", None), (WORDS, 1)):
        with pytest.raises(NotAllowedNow) as refused:
            desk.writes(text, act=ACT, corrects=corrects)
        assert refused.value.slug == "conflicting-repeat"
    desk.case_ref = desk.another_case()
    with pytest.raises(NotAllowedNow) as refused:
        desk.writes(act=ACT)
    assert (refused.value.slug, desk.texts) == ("conflicting-repeat", [])


def test_without_an_act_the_same_words_are_two_notes(desk: Desk) -> None:
    assert [desk.writes("No answer.")[1] for _ in range(2)] == [False, False]
    assert desk.texts == ["No answer.", "No answer."]


def test_a_correction_names_the_note_and_both_stay(desk: Desk) -> None:
    desk.writes("She is in Thika.")
    note, _ = desk.writes("She is in Nakuru.", corrects=1)
    assert (note.number, note.corrects) == (2, 1)
    assert desk.texts == ["She is in Thika.", "She is in Nakuru."]
    assert desk.audited("note.written")[-1][1] == {"note": "2", "corrects": "1"}


@pytest.mark.parametrize("corrects", [1, 7])
def test_only_an_earlier_note_of_the_case_can_be_corrected(desk: Desk, corrects: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.writes(corrects=corrects)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [("/corrects", "unknown")]
    assert desk.texts == []


@pytest.mark.parametrize("text", [" ", "\n\n", "\u200b\u0007 "])
def test_a_note_that_no_one_can_read_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.writes(text)
    assert [each.pointer for each in refused.value.errors] == ["/text"]


def test_a_case_has_a_bounded_number_of_notes_and_the_last_refusal_says_so(desk: Desk) -> None:
    desk.writes(act=ACT)
    desk.intake.case_files.put(CaseFile(desk.case_ref, notes=MOST_NOTES, revision=1))
    with pytest.raises(NotAllowedNow, match="500 notes") as refused:
        desk.writes("One more.")
    assert refused.value.slug == "too-many-notes"
    assert desk.writes(act=ACT)[1], "a repeat is answered however full the file is"


def test_a_note_about_a_case_that_is_not_there_or_out_of_reach_is_answered_the_same_way(desk: Desk) -> None:
    said = []
    for who, case_ref in ((AMINA, "NG-9999"), (of_hub("KE-28"), desk.case_ref)):
        with pytest.raises(NotFound) as refused:
            write_note(desk.by(who), case_ref, {"text": WORDS}, call())
        said.append(str(refused.value))
    assert len(set(said)) == 1
    assert write_note(desk.by(of_hub("KE-30")), desk.case_ref, {"text": WORDS}, call())["number"] == 1


def test_nothing_of_a_note_is_published_or_put_on_record(desk: Desk) -> None:
    before = [len(unit.publications) for unit in desk.intake.units]
    desk.writes(act=ACT)
    desk.writes("She is in Nakuru.", corrects=1)
    new = desk.intake.units[len(before) :]
    assert [unit.publications for unit in new if unit.publications] == []
    said = repr(desk.intake.audited)
    assert "Nakuru" not in said
    assert ACT not in said


def test_the_first_thing_in_a_file_is_written_with_the_report_so_that_erasing_meets_it(desk: Desk) -> None:
    before = desk.report.revision
    desk.writes()
    assert desk.report.revision == before + 1
    desk.writes()
    desk.flags("do_not_visit")
    assert desk.report.revision == before + 1


GOOD = {"text": WORDS, "corrects": 1, "act": ACT}


@pytest.mark.parametrize(("field", "value", "code"), [
    ("text", None, "null"), ("text", 7, "wrong_type"), ("text", [WORDS], "wrong_type"), ("text", "", "length"),
    ("text", "w" * (MOST_CHARACTERS + 1), "length"),
    ("corrects", 0, "range"), ("corrects", -1, "range"), ("corrects", "one", "wrong_type"), ("corrects", 1.5, "wrong_type"),
    ("corrects", True, "wrong_type"), ("corrects", MOST_NOTES + 1, "range"),
    ("act", "short", "length"), ("act", "a" * 65, "length"), ("act", f"{'a' * 16} b", "format"),
    ("act", f"{'a' * 16}\n", "format"),
    ("act", "à" * 20, "format"), ("act", 12, "wrong_type"),
    ("author", "operator:baraka", "unknown_field"), ("at", "2026-01-01", "unknown_field"),
])  # fmt: skip
def test_each_field_that_is_wrong_is_named(field: str, value: object, code: str) -> None:
    errors = field_errors(NoteToWrite().validate({**GOOD, field: value}))
    assert [(each.pointer, each.code) for each in errors] == [(f"/{field}", code)]


def test_the_longest_note_is_taken(desk: Desk) -> None:
    assert NoteToWrite().validate({"text": "w" * MOST_CHARACTERS}) == {}
    desk.writes("w" * MOST_CHARACTERS)
    assert [len(each) for each in desk.texts] == [MOST_CHARACTERS]
