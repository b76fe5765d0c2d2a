"""One mapping for all records: what is written is what a document store takes, and comes back as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum

import pytest

from ngao.kernel.records import from_record, stored_as, to_record
from tests.support.filled import filled


class Mood(StrEnum):
    CALM = "calm"


@dataclass(frozen=True)
class Part:
    name: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Whole:
    id: str
    at: datetime
    opens: time
    mood: Mood
    part: Part | None
    parts: tuple[Part, ...]
    pairs: list[tuple[str, int]]
    moods: tuple[Mood | None, ...]
    counts: dict[str, int] = field(default_factory=dict)
    note: str = "none"
    revision: int = field(default=0, compare=False)


WHOLE = Whole(
    "w1", datetime(2026, 3, 1, tzinfo=UTC), time(8, 30), Mood.CALM, Part("a", frozenset({"y", "x"})), (Part("b"),),
    [("one", 1)], (Mood.CALM,), {"k": 1}, "said",
)


def test_a_record_is_plain_and_in_order() -> None:
    assert to_record(WHOLE, "revision") == {
        "id": "w1", "at": WHOLE.at, "opens": "08:30", "mood": "calm", "part": {"name": "a", "marks": ["x", "y"]},
        "parts": [{"name": "b", "marks": []}], "pairs": [["one", 1]], "moods": ["calm"], "counts": {"k": 1}, "note": "said",
    }
    assert type(to_record(WHOLE)["mood"]) is str


def test_it_comes_back_as_it_was() -> None:
    assert from_record(Whole, to_record(WHOLE)) == WHOLE
    assert from_record(Whole, to_record(filled(Whole))) == filled(Whole)


def test_a_field_that_was_renamed_keeps_the_name_of_its_records() -> None:
    @dataclass
    class Renamed:
        marks: list[str] = field(default_factory=list, metadata=stored_as("told"))

    assert to_record(Renamed(["a"])) == {"told": ["a"]}
    assert to_record(Renamed(["a"]), "told") == {}
    assert from_record(Renamed, {"told": ["a"], "marks": ["b"]}) == Renamed(["a"])
    assert from_record(Renamed, {"told": ["a"]}, marks=["c"]) == Renamed(["c"])


def test_known_fields_win_and_unknown_names_are_ignored() -> None:
    assert from_record(Whole, {**to_record(WHOLE), "_id": "other", "later": 1}, id="w2").id == "w2"


def test_what_is_missing_keeps_its_default_or_is_none_or_empty() -> None:
    least = {"id": "w1", "at": WHOLE.at, "opens": "08:30", "mood": "calm", "note": None}
    assert from_record(Whole, least) == Whole("w1", WHOLE.at, time(8, 30), Mood.CALM, None, (), [], ())


def test_a_record_without_what_must_be_there_is_refused() -> None:
    with pytest.raises(TypeError, match="id"):
        from_record(Whole, {"at": WHOLE.at, "opens": "08:30", "mood": "calm"})
