"""A refused report names its fields; it never repeats what stood in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from ngao.contracts import FieldError, field_errors
from ngao.contracts.schemas.report import Report

MARKER = "Zq7Marker"
ODD = st.one_of(
    st.text(max_size=20).map(lambda text: f"{MARKER}{text}"),
    st.text(max_size=20).map(lambda text: f"{text}|{MARKER}"),
    st.lists(st.just(MARKER), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["type", "code", "role"]), st.just(MARKER), min_size=1),
    st.just(MARKER * 3000),
)
Path_ = tuple[str | int, ...]


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        yield from leaves(inner, (*path, key))


def replaced(value: Any, path: Path_, by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "samples" / "intake.report.submitted.v1.json").read_text("utf-8"))[
    "data"
]
PATHS = sorted(leaves(SAMPLE), key=str)


def errors_of(document: object) -> list[FieldError]:
    try:
        Report().load(document)  # type: ignore[arg-type]  # a sender may send anything
    except ValidationError as error:
        return field_errors(error.messages)
    return []


def test_the_sample_itself_is_a_valid_report() -> None:
    assert errors_of(SAMPLE) == []


@given(st.sampled_from(PATHS), ODD)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_no_field_error_repeats_the_value(path: Path_, odd: object) -> None:
    for error in errors_of(replaced(SAMPLE, path, odd)):
        assert MARKER not in json.dumps(error.as_dict())


@given(st.recursive(ODD, lambda inner: st.dictionaries(st.sampled_from(list(SAMPLE)), inner, max_size=4), max_leaves=6))
def test_any_document_gives_errors_without_its_values(document: object) -> None:
    for error in errors_of(document):
        assert MARKER not in json.dumps(error.as_dict())


@given(st.sampled_from(PATHS), ODD)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_every_error_has_a_pointer_into_the_document_and_a_code(path: Path_, odd: object) -> None:
    for error in errors_of(replaced(SAMPLE, path, odd)):
        assert error.pointer == "" or error.pointer.startswith("/")
        assert error.code.replace("_", "").isalpha()
        assert error.detail


@pytest.mark.parametrize(
    ("pointer", "code"),
    [
        (("source_event_id",), "required"),
        (("violations",), "required"),
        (("occurred_at",), "required"),
        (("location",), "required"),
        (("reporter",), "required"),
    ],
)
def test_what_must_be_there_is_named_when_it_is_not(pointer: Path_, code: str) -> None:
    document = {name: value for name, value in SAMPLE.items() if name != pointer[0]}
    assert [(error.pointer, error.code) for error in errors_of(document)] == [(f"/{pointer[0]}", code)]
