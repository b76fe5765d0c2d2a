"""A document is declared by its entity; a field of which nothing says how carefully it is kept stops the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from mongoengine import BinaryField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, Held, hashed, internal, sealed
from ngao.kernel.records import stored_as


class Mood(StrEnum):
    CALM = "calm"


@dataclass(frozen=True)
class Part:
    name: str


@dataclass(frozen=True)
class Whole:
    ref: str
    mood: Mood
    count: int | None
    parts: tuple[Part, ...]
    words: frozenset[str]
    told: Part
    by: str = ""
    revision: int = 0


META = {"db_alias": "tests", "collection": "wholes"}
FIELDS = internal("mood count parts words")
WHOLE = Whole("w1", Mood.CALM, None, (Part("a"),), frozenset({"y", "x"}), Part("secret"), "ann", 3)


class WholeDocument(Stored, of=Whole, key="ref", but=("by",), held=FIELDS | {"words": hashed("wholes")}):
    told = BinaryField(**sealed("wholes"))
    place = IntField(**INTERNAL)

    meta = META


def test_fields_are_of_the_types_that_the_entity_says() -> None:
    kinds = {name: (type(field), field.required) for name, field in WholeDocument._fields.items()}
    assert kinds["mood"] == (StringField, True)
    assert kinds["count"] == (IntField, False)
    assert kinds["parts"] == kinds["words"] == (ListField, False)
    assert set(kinds) == {"id", "revision", "mood", "count", "parts", "words", "told", "place"}
    assert isinstance(WholeDocument.parts.field, DictField)
    assert isinstance(WholeDocument.words.field, StringField)
    assert WholeDocument.words.held is Held.HASHED


def test_a_record_has_what_is_stored_under_its_own_name_and_comes_back() -> None:
    record = WholeDocument.record_of(WHOLE)
    assert record == {"_id": "w1", "mood": "calm", "count": None, "parts": [{"name": "a"}], "words": ["x", "y"]}
    assert WholeDocument.entity_of({**record, "revision": 3}, told=WHOLE.told, by="ann") == WHOLE


@pytest.mark.parametrize("held", [internal("mood count parts"), internal("mood count parts words more"), {}])
def test_a_field_without_a_data_class_and_a_data_class_without_a_field_are_refused(held: Any) -> None:
    with pytest.raises(TypeError, match=r"words|more"):

        class Unclear(Stored, of=Whole, key="ref", but=("by", "told"), held=held):
            meta = META


def test_a_field_that_was_renamed_is_declared_by_its_stored_name() -> None:
    @dataclass
    class Renamed:
        id: str
        words: list[str] = field(metadata=stored_as("told"))

    class RenamedDocument(Stored, of=Renamed, held=internal("told")):
        meta = {"db_alias": "tests", "collection": "renamed"}  # noqa: RUF012  # mongoengine's way

    assert set(RenamedDocument._fields) == {"id", "revision", "told"}
    assert RenamedDocument.record_of(Renamed("r1", ["a"])) == {"_id": "r1", "told": ["a"]}
    assert RenamedDocument.entity_of({"_id": "r1", "told": ["a"]}) == Renamed("r1", ["a"])
