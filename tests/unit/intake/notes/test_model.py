"""The file beside a case: notes are numbered and bounded, each flag has its last change."""

from __future__ import annotations

from datetime import UTC, datetime

from services.intake.notes.model import MOST_NOTES, CaseFile, Flag, Note

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_notes_are_numbered_from_one_until_the_file_is_full() -> None:
    file = CaseFile("NG-1")
    assert [file.count_note() for _ in range(3)] == [1, 2, 3]
    file.notes = MOST_NOTES - 1
    assert not file.is_full
    file.count_note()
    assert file.is_full


def test_a_flag_has_its_last_change_alone_and_a_note_does_not_outdate_the_flags() -> None:
    file = CaseFile("NG-1")
    assert file.last_change is None
    file.change(Flag("media_interest", is_set=True, changed_by="operator:amina", changed_at=NOW))
    file.change(Flag("do_not_visit", is_set=True, changed_by="operator:amina", changed_at=NOW))
    file.change(Flag("media_interest", is_set=False, changed_by="operator:baraka", changed_at=NOW))
    file.count_note()
    assert file.codes == ("do_not_visit",)
    assert (len(file.flags), file.flags_revision) == (2, 3)
    assert file.last_change == file.flags[-1]
    assert file.flags[-1].changed_by == "operator:baraka"


def test_the_text_of_a_note_is_not_in_what_a_log_would_print() -> None:
    note = Note("n", "NG-1", 1, "operator:amina", NOW, "words about a person")
    assert "words" not in repr(note)
    assert note.says("NG-1", "words about a person", None)
    assert not note.says("NG-1", "words about a person", 1)
    assert not note.says("NG-2", "words about a person", None)
