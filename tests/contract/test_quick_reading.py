"""msgspec and marshmallow read the same: whatever the quick reader takes, the schema takes too, and gives the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from ngao.contracts import CATALOGUE, classes, quick
from ngao.contracts.classes import instance_of
from ngao.contracts.schemas.report import Report

SAMPLES = Path(__file__).parent / "samples"
GONE = object()
TIMES = (
    "2026-03-01T12:00:00Z", "2026-03-01T12:00Z", "2026-03-01T12:00:00.123456Z", "2026-03-01T12:00:00.1234567Z",
    "2026-03-01T12:00:00",     "2026-03-01T12:00:00+03:00", "2026-03-01T12:00:00,5Z", "2026-03-01 12:00:00Z",
    "20260301T120000Z", "2026-W09-7T12:00:00Z",
    "2026-02-30T12:00:00Z", "1800-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "2026-03-01T24:00:00Z",
    "2026-03-01T12:00:00Z\n", "2026-03-01", "٢٠٢٦-03-01T12:00:00Z", "2026-03-01T12:00:60Z",
)  # fmt: skip
ODD = st.one_of(
    st.sampled_from([
        GONE, None, "", " ", "a", "kenya\n", "self", "sw", "x" * 201, "x" * 50_001, "é" * 200, "\ud800", "true", "1", True, False,
        0, 1, -1, 51, 2**70, 3.0, 3.5, [], [None], ["a"] * 21, [[]], {}, {"type": "killing"}, {"x": 1}, *TIMES,
    ]),
    st.text(max_size=8),
    st.from_regex(r"^[a-z][a-z0-9_-]{0,9}\n?$"),
)  # fmt: skip


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, inner in children for leaf in leaves(inner, (*path, key)))]


def changed(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    if not path:
        return to
    copy = dict(value) if isinstance(value, dict) else list(value)
    inner = changed(value[path[0]], path[1:], to)
    if inner is GONE:
        del copy[path[0]]
    else:
        copy[path[0]] = inner
    return copy


def exact(value: Any) -> Any:
    """A value with its types: True is not 1, and a time in UTC is not the same time elsewhere."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    return [exact(inner) for inner in value] if isinstance(value, list) else (type(value).__name__, repr(value))


def documents(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))["data"]
    return found


KINDS = {
    **{name: (each.schema, documents(name)) for name, each in CATALOGUE.items()},
    **{f"{name} as a notice": (each.notice, documents(name)) for name, each in CATALOGUE.items() if each.notice},
    "a posted report": (Report, documents("intake.report.submitted.v1")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_valid_is_read_quickly_and_the_same(kind: str) -> None:
    schema, document = instance_of(KINDS[kind][0]), KINDS[kind][1]
    reader = quick.reader_of(schema)
    assert reader is not None
    found = reader.load(document)
    assert found is not None
    assert exact(found) == exact(schema.load(document))


@given(st.data())
def test_what_the_quick_reader_takes_the_schema_takes_too(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    schema, document = instance_of(KINDS[kind][0]), KINDS[kind][1]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(leaves(document)[1:] or [()]))
        more = data.draw(st.sampled_from([(), ("added",)])) if isinstance(at(document, path), dict) else ()
        to = data.draw(ODD)
        document = changed(document, (*path, *more), to) if not more else added(document, path, to)
    reader = quick.reader_of(schema)
    assert reader is not None
    found = reader.load(document)
    if found is not None:
        assert exact(found) == exact(schema.load(document))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def added(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    return changed(document, path, {**at(document, path), "added": None if value is GONE else value})


class _Every(classes.Strict):
    """The kinds of fields and checks that a reader knows, and some that it leaves to the field."""

    word = fields.String(required=True, validate=[validate.Length(min=2, max=5), classes.Pattern("^[a-zé]+$")])
    one = fields.String(validate=validate.OneOf(("a", "b")), load_default="a")
    number = fields.Integer(validate=validate.Range(min=0, max=50), allow_none=True)
    yes = fields.Boolean(load_default=True)
    when = classes.Moment(allow_none=True)
    moments = fields.List(classes.Moment(), load_default=list, validate=validate.Length(max=2))
    address = classes.Email()
    anything = fields.Raw()
    odd = fields.String(validate=validate.Regexp("a"))


@pytest.mark.parametrize(
    ("changes", "quickly"),
    [
        ({}, True), ({"word": "éé"}, True), ({"word": "é"}, False), ({"word": "ab\n"}, False), ({"word": None}, False),
        ({"one": "c"}, False), ({"number": None}, True), ({"number": 50}, True), ({"number": 51}, False),
        ({"number": True}, False), ({"number": "7"}, False), ({"yes": "true"}, False), ({"yes": False}, True),
        *(({"when": each}, None) for each in TIMES),
        ({"when": None}, True), ({"moments": [TIMES[0], TIMES[5]]}, True), ({"moments": [TIMES[0]] * 3}, False),
        ({"address": "a@example.org"}, True), ({"address": "a"}, False), ({"anything": {"x": [1]}}, True),
        ({"anything": None}, False), ({"odd": "ant"}, True), ({"odd": "dog"}, False), ({"unknown": 1}, False),
    ],
)  # fmt: skip
def test_each_kind_of_field_is_read_as_its_schema_reads_it(changes: dict[str, Any], quickly: bool | None) -> None:
    schema, document = instance_of(_Every), {"word": "abc", **changes}
    reader = quick.reader_of(schema)
    assert reader is not None
    found, errors = reader.load(document), schema.validate(document)
    assert quickly is None or (found is not None) is quickly
    assert found is None or not errors
    if not errors:
        assert exact(quick.load(schema, document)) == exact(schema.load(document))


class _Judged(Schema):
    """A rule over several fields: only marshmallow knows it."""

    class Meta:
        """Tolerant."""

        unknown = EXCLUDE

    word = fields.String()

    @validates_schema
    def never(self, data: dict[str, Any], **_: object) -> None:
        """Refuse what has a word."""
        if data:
            raise ValidationError("no")


class _Renamed(Schema):
    """A field of another name on the wire."""

    word = fields.String(data_key="Word")


@pytest.mark.parametrize("schema", [_Judged, _Renamed])
def test_a_schema_of_another_kind_is_left_to_marshmallow(schema: type[Schema]) -> None:
    assert quick.reader_of(instance_of(schema)) is None
