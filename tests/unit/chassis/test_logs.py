# ruff: noqa: TRY301, TRY401, G004  # careless logging is the case
from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.observability import logs
from ngao.chassis.timers import guarded

NAME = "Wanjiku Marker"
PHONE = "254700000123"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, sys.unraisablehook, logs.threading.excepthook)
    stream = io.StringIO()
    logs.configure("intake", "info", stream)
    yield stream
    root.handlers[:], root.level, sys.excepthook, sys.unraisablehook, logs.threading.excepthook = before
    logging.captureWarnings(False)
    logs._output.stream = None


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ids_codes_and_counts_are_shown(written: io.StringIO) -> None:
    fields = {
        "case_ref": "NG-0123456789",
        "report_id": "0d9c4d3e-2f4b-4a8e-9d52-7f1f6ad0a111",
        "urgency": "critical",
        "attempts": 3,
        "duplicate": False,
        "queue": "referral.intake.report.accepted.v1.urgent",
        "county": "KE-30",
        "partner_id": "legal-aid",
    }
    logs.get_logger("t").info("report.accepted", **fields)
    (line,) = lines(written)
    assert {key: line[key] for key in fields} == fields
    assert (line["event"], line["service"], line["level"], line["logger"]) == ("report.accepted", "intake", "info", "t")


@pytest.mark.parametrize(
    "fields",
    [
        {"names": "amina"},
        {"narrative": "short"},
        {"who": "amina"},
        {"reason": "she called from home"},
        {"phone": 254700000123},
        {"caller": 254700000123},
        {"reason": PHONE},
        {"source_id": "a" + PHONE},
        {"state": "+254700000123"},
        {"contact_ref": "a@example.org"},
        {"anything": {"name": "amina"}},
        {"result": ["fine", NAME]},
        {"status": object()},
        {"body": b"x"},
        {"password": "x"},
    ],
)
def test_what_may_be_a_person_is_not_shown(written: io.StringIO, fields: dict[str, Any]) -> None:
    logs.get_logger("t").info("x.y", **fields)
    (line,) = lines(written)
    assert [line[key] for key in fields] == ["[redacted]"]


def test_an_event_that_is_a_sentence_is_not_shown(written: io.StringIO) -> None:
    logs.get_logger("t").info(f"report for {NAME}")
    logs.get_logger("t").info("report for %s", NAME)
    assert [line["event"] for line in lines(written)] == ["[redacted]", "[redacted]"]


def test_an_error_is_logged_by_type_slug_and_place_only(written: io.StringIO) -> None:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise NotAllowedNow(NAME, slug="case-closed") from error
    except NotAllowedNow:
        logs.get_logger("t").exception("case.failed")
    (line,) = lines(written)
    assert (line["error_type"], line["error_slug"], line["cause_types"]) == ("NotAllowedNow", "case-closed", ["KeyError"])
    assert line["error_at"][0].startswith("unit/chassis/test_logs.py:")
    assert NAME not in written.getvalue()


def test_lines_of_libraries_keep_neither_message_nor_arguments_nor_error_text(written: io.StringIO) -> None:
    for name in ("kombu", "nameko.containers", "amqp", "pymongo.command", "requests", "werkzeug", "eventlet.wsgi"):
        try:
            raise ValueError(NAME)
        except ValueError as error:
            logging.getLogger(name).exception("error handling worker %s: %s", NAME, error, extra={"payload": NAME})
        logging.getLogger(name).error(f"cannot decode {NAME}")
    assert NAME not in written.getvalue()
    assert {line["event"] for line in lines(written)} == {"library.reported"}
    assert lines(written)[0]["error_type"] == "ValueError"


def test_warnings_and_uncaught_errors_go_the_same_way(written: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(NAME, UserWarning, stacklevel=1)
    try:
        raise RuntimeError(NAME)
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    assert NAME not in written.getvalue() + capsys.readouterr().err
    assert lines(written)[-1]["error_type"] == "RuntimeError"


def test_quiet_levels_are_dropped(written: io.StringIO) -> None:
    logs.get_logger("t").debug("x.y")
    assert lines(written) == []


def test_a_guarded_timer_never_raises_and_tells_type_and_place(written: io.StringIO) -> None:
    def sweep() -> None:
        raise RuntimeError(NAME)

    assert guarded(sweep, "sweep")() is None
    (line,) = lines(written)
    assert (line["event"], line["operation"], line["error_type"]) == ("timer.failed", "sweep", "RuntimeError")
    assert NAME not in written.getvalue()
