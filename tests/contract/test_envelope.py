"""The envelope: what is said comes out as it went in, and what is broken is refused with a reason and no value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.contracts import ContractError, Event, InvalidContent, Undecodable, decode, encode, parse_json

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
DATA = st.dictionaries(
    WORDS, st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)), max_size=4
)
KNOWN = {
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "sequence", "traceparent",
    "dataclassification", "partnerid", "urgent",
}  # fmt: skip
EXTRA = st.dictionaries(
    st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(lambda name: name not in KNOWN), WORDS | st.booleans(), max_size=3
)
TRACES = st.from_regex(r"00-[0-9a-f]{31}1-[0-9a-f]{15}1-[0-9a-f]{2}", fullmatch=True)
EVENTS = st.builds(
    Event, type=WORDS, source=WORDS, subject=st.text(st.characters(exclude_categories=["Cs"]), max_size=40), data=DATA, id=WORDS,
    time=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # the zone is given beside
    urgent=st.booleans(), sequence=st.none() | st.integers(0, 10**12), traceparent=st.none() | TRACES,
    dataclassification=st.sampled_from(["internal", "sealed"]), partnerid=st.none() | WORDS, extra=EXTRA,
)  # fmt: skip
GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/ngao/referral", "type": "referral.started.v1",
    "time": "2026-11-20T06:41:12Z", "data": {},
}  # fmt: skip


@given(EVENTS)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert decode(encode(event)) == event


@pytest.mark.parametrize("trace", ["x" * 2_000_000, "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "+254700000001", 7, {"a": 1}])
def test_a_trace_that_is_none_is_left_out(trace: Any) -> None:
    """It would be copied into each event that follows: into their size, and their clear part."""
    assert decode(json.dumps(GOOD | {"traceparent": trace}).encode()).traceparent is None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_contract_error(body: bytes) -> None:
    with pytest.raises(ContractError):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{",
        b"[]",
        b'"text"',
        b'{"specversion":"1.0"} {}',
        b"\xff\xfe{}",
        '{"id":"\u00e4"}'.encode("latin-1"),
        '{"specversion":"1.0"}'.encode("utf-16"),
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1,"a":1}',
        b'{"data":{"a":1,"a":2}}',
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
    ids=[
        "empty", "text", "cut", "list", "string", "two", "bytes", "latin-1", "utf-16", "nan", "infinity", "minus-infinity",
        "repeated", "repeated-inside", "deep-lists", "deep-objects",
    ],
)  # fmt: skip
def test_what_is_no_event_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="long-number"),
        pytest.param(b'{"a":"\\ud800"}', id="lone-surrogate"),
        pytest.param(b'{"a":1e999}', id="overflow"),
    ],
)
def test_what_json_readers_disagree_about_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        parse_json(body)


def test_depth_counts_brackets_outside_of_strings_only() -> None:
    assert parse_json(b'{"a":"' + b"[" * 100 + b'\\"["}')["a"].startswith("[[")
    assert parse_json(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize("version", ["0.3", "1", "2.0", 1.0, None])
def test_only_cloudevents_1_0_is_read(version: object) -> None:
    with pytest.raises(Undecodable):
        decode(json.dumps({**GOOD, "specversion": version}).encode())


@pytest.mark.parametrize("name", ["id", "source", "type"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_a_missing_attribute_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidContent) as refused:
        decode(json.dumps({**GOOD, name: value}).encode())
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(f"/{name}", "required")]


def test_all_broken_attributes_are_named_at_once() -> None:
    broken = {**GOOD, "id": "", "time": "yesterday", "sequence": "x", "data_base64": "eA=="}
    with pytest.raises(InvalidContent) as refused:
        decode(json.dumps(broken).encode())
    assert {error.pointer for error in refused.value.errors} == {"/id", "/time", "/sequence", "/data_base64"}


@pytest.mark.parametrize("digits", [19, 5_000])
def test_a_sequence_of_more_digits_than_any_counter_has_is_named_and_not_read(digits: int) -> None:
    with pytest.raises(InvalidContent) as refused:
        decode(json.dumps({**GOOD, "sequence": "9" * digits}).encode())
    assert [error.pointer for error in refused.value.errors] == ["/sequence"]


def test_a_time_without_a_zone_is_utc() -> None:
    assert decode(json.dumps({**GOOD, "time": "2026-11-20T06:41:12"}).encode()).time == datetime(
        2026, 11, 20, 6, 41, 12, tzinfo=UTC
    )


def test_names_that_are_no_extension_are_dropped() -> None:
    assert decode(json.dumps({**GOOD, "Not An Extension": "x", "nested": {"a": 1}, "tenant": "a"}).encode()).extra == {
        "tenant": "a"
    }


@given(WORDS)
def test_a_refusal_never_repeats_what_it_refuses(marker: str) -> None:
    marker = f"MARK{marker}MARK"
    for document in (
        {**GOOD, "time": marker, "sequence": marker},
        {**GOOD, "specversion": marker},
        {**GOOD, "id": {"a": marker}},
    ):
        with pytest.raises(ContractError) as refused:
            decode(json.dumps(document).encode())
        assert "MARK" not in str(refused.value)
        assert refused.value.__cause__ is None
