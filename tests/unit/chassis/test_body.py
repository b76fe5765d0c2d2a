"""Which media types are read; the bytes of a body are held to UTF-8 by whoever parses them."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, TooLarge, UnsupportedMediaType
from ngao.chassis.http.body import read_body
from ngao.chassis.http.call import Call, Meter
from ngao.chassis.security.identity import Principal

JSON = "application/json"


def environ(content_type: str) -> dict[str, Any]:
    left = [b"{}", b""]
    stream = SimpleNamespace(chunked_input=False, content_length=2, read=lambda _most: left.pop(0))
    return {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "2", "eventlet.input": stream}


@pytest.mark.parametrize("written", [
    "application/json", "application/json;", "application/json; charset=utf-8", "application/json; charset=utf8",
    "application/json; charset=us-ascii", 'Application/JSON; Charset="UTF-8"', "application/json; v=1; charset = ascii",
])
def test_a_charset_whose_bytes_are_utf_8_is_taken_however_it_is_written(written: str) -> None:
    assert read_body(environ(written), 100, (JSON,), Meter()) == (b"{}", JSON)


@pytest.mark.parametrize("written", [
    "application/json; charset=latin-1", "application/json; charset=utf-16", "application/json; charset=utf-80",
    "application/json; charset=", "application/json; charset=utf-8; charset=latin-1", "text/plain; charset=utf-8",
])
def test_any_other_charset_or_type_is_refused(written: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_body(environ(written), 100, (JSON,), Meter())


def test_what_was_read_of_a_body_without_a_length_is_on_the_meter_also_if_it_is_too_large() -> None:
    left = [b"x" * 60, b"x" * 60, b""]
    stream = SimpleNamespace(chunked_input=True, content_length=None, read=lambda _most: left.pop(0))
    meter = Meter()
    with pytest.raises(TooLarge):
        read_body({"CONTENT_TYPE": JSON, "eventlet.input": stream}, 100, (JSON,), meter)
    assert meter.bytes == 120


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "The body is invalid: not JSON at line 1, column 2."),
        (b"\xff", "The body is invalid: not UTF-8."),
        (b'{"a": "\\ud800"}', "The body is invalid: a text holds half a surrogate pair."),
    ],
)
def test_a_refused_body_names_its_cause_once(body: bytes, detail: str) -> None:
    call = Call(principal=Principal("anyone", "anyone"), body=body, content_type=JSON, query={}, trace="")
    with pytest.raises(InvalidInput) as refused:
        call.json()
    assert (str(refused.value), refused.value.slug) == (detail, "malformed-json")


def test_a_caller_is_not_charged_for_time_in_which_the_process_did_not_run() -> None:
    meter = Meter()
    with meter.running():
        time.sleep(0.3)  # the case itself: time passes in which the process does not run
    assert meter.seconds < 0.1
    with meter.running():
        deadline = time.thread_time() + 0.2
        while time.thread_time() < deadline:
            pass
    assert meter.seconds >= 0.2
