"""What a text costs its reader is bounded before anything is made of it, and dates have an end at both sides."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from marshmallow import ValidationError

from ngao.contracts import Undecodable, field_errors, parse_json
from ngao.contracts.envelope import count_values
from ngao.contracts.schemas.report import Report
from tests.support.intake import report

EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1899-12-31T00:00:00Z", "2300-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"k{at}": 1 for at in range(60_000)}).encode(),
        json.dumps({"languages": ["sw"] * 150_000}).encode(),
        json.dumps([[{}] * 900] * 900).encode(),
        b'{"a":"' + b'\\"' * 380_000,
        b"[" * 770_000,
        b'{"a":' + b'"",' * 250_000,
    ],
)
def test_a_body_that_would_cost_seconds_is_refused_in_milliseconds(body: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(Undecodable):
        parse_json(body)
    assert time.perf_counter() - began < 0.5


def test_what_stands_in_a_text_counts_for_nothing() -> None:
    assert count_values(json.dumps({"narrative": "[{,}]" * 10_000}).encode()) == 2
    assert parse_json(json.dumps({"narrative": "a, b, " * 10_000}).encode())


def test_a_report_that_holds_all_it_may_is_well_within_the_bounds() -> None:
    violation = {"type": "arrest", "perpetrators": [{"type": "police", "involvement": "direct"}] * 20}
    full = report(violations=[violation] * 20, needs=["legal_aid"] * 20, languages=["sw"] * 10)
    assert count_values(json.dumps(full).encode()) < 2_500
    assert Report().load(full)


def test_at_most_a_hundred_errors_are_made_and_long_lists_are_not_read_to_their_end() -> None:
    with pytest.raises(ValidationError) as refused:
        Report().load(report(languages=["XX"] * 1000, **{f"k{at}": 1 for at in range(900)}))
    assert len(field_errors(refused.value.messages)) == 100
    with pytest.raises(ValidationError) as long:
        Report().load(report(languages=["sw"] * 1000))
    assert [(each.pointer, each.code) for each in field_errors(long.value.messages)] == [("/languages", "length")]


@pytest.mark.parametrize("moment", EDGES)
def test_a_date_at_the_edge_of_the_calendar_is_named_and_breaks_nothing(moment: str) -> None:
    consent: list[Any] = [{"purpose": "referral", "scope": ["contact"], "until": moment}]
    with pytest.raises(ValidationError) as refused:
        Report().load(report(occurred_at=moment, consent=consent))
    found = {(each.pointer, each.code) for each in field_errors(refused.value.messages)}
    assert found == {("/occurred_at", "range"), ("/consent/0/until", "range")}


BOM = b"\xef\xbb\xbf"


def test_a_byte_order_mark_at_the_start_is_no_content_and_elsewhere_it_is() -> None:
    assert parse_json(BOM + b'{"a": 1}') == {"a": 1}
    for body in (BOM + BOM + b"{}", b"{}" + BOM, b"{" + BOM + b"}"):
        with pytest.raises(Undecodable):
            parse_json(body)


@pytest.mark.parametrize("media_type", ["audio/ogg", "audio/ogg; codecs=opus", 'video/mp4;codecs="avc1.4D401E, mp4a.40.2"'])
def test_the_media_type_of_an_attachment_may_have_parameters(media_type: str) -> None:
    voice = {"name": "voice.ogg", "media_type": media_type, "sha256": "a" * 64}
    assert Report().load(report(attachments=[voice]))["attachments"][0]["media_type"] == media_type


@pytest.mark.parametrize("media_type", ["audio", "audio/ogg;", "audio/ogg; codecs", "audio/ogg\r\nx: y", "a/b;" * 40_000])
def test_what_is_no_media_type_is_named_at_once(media_type: str) -> None:
    voice = {"name": "voice.ogg", "media_type": media_type, "sha256": "a" * 64}
    began = time.perf_counter()
    with pytest.raises(ValidationError) as refused:
        Report().load(report(attachments=[voice]))
    assert [each.pointer for each in field_errors(refused.value.messages)] == ["/attachments/0/media_type"]
    assert time.perf_counter() - began < 0.5
