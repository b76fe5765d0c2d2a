"""A response shows what its schema declares, whatever else the object behind it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marshmallow import Schema, fields

from ngao.chassis.handlers import fill


class Mood(StrEnum):
    """A choice."""

    CALM = "calm"


@dataclass(frozen=True)
class Part:
    """A dataclass inside another."""

    name: str


@dataclass(frozen=True)
class Whole:
    """An object with a field that is not shown."""

    secret: str
    mood: Mood
    parts: tuple[Part, ...]


class WholeView(Schema):
    """What is shown of it."""

    id = fields.String()
    parts = fields.List(fields.Dict())
    mood = fields.String()
    note = fields.String()


WHOLE = Whole("hidden", Mood.CALM, (Part("a"), Part("b")))


def test_only_declared_members_are_shown_in_their_order_and_as_plain_values() -> None:
    shown = fill(WholeView, WHOLE, id="w1", undeclared=1)
    assert list(shown.items()) == [("id", "w1"), ("parts", [{"name": "a"}, {"name": "b"}]), ("mood", "calm")]


def test_what_is_given_wins_over_the_field_of_the_same_name() -> None:
    assert fill(WholeView, WHOLE, parts=[])["parts"] == []
