"""A value that ends with a line feed is another value, wherever a pattern reads what outsiders wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError, validate

from ngao.chassis.observability import redaction
from ngao.chassis.pages.audit import AuditSearch
from ngao.chassis.pages.policy import PolicyFile
from ngao.contracts.classes import Pattern
from ngao.contracts.schemas import report
from ngao.kernel import traces
from tests.support.pages import ROOT

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_pattern_is_about_the_whole_text() -> None:
    assert Pattern("^[a-z]+$")("abc") == "abc"
    with pytest.raises(ValidationError):
        Pattern("^[a-z]+$")("abc\n")


def test_a_code_with_a_line_feed_is_refused() -> None:
    assert "type" in report.Violation().validate({"type": "arrest\n"})
    assert not report.Violation().validate({"type": "arrest"})


@pytest.mark.parametrize("value", [PARENT, PARENT + "\n"])
def test_a_trace_is_believed_as_a_whole(value: str) -> None:
    assert bool(traces.parse(value)) is (value == PARENT)


def test_a_log_shows_no_value_that_goes_on_in_the_next_line() -> None:
    shown: dict[str, Any] = redaction.redact({"event": "x.y", "queue": "intake.reports\n"})
    assert shown["queue"] != "intake.reports\n"


def test_a_search_and_the_name_of_a_file_end_where_the_line_ends() -> None:
    assert set(AuditSearch().validate({"actor": "operator:amina\n", "action": "case.read\n"})) == {"actor", "action"}
    assert not AuditSearch().validate({"actor": "operator:amina", "action": "case.read"})
    assert set(PolicyFile().validate({"name": "roles.yaml\n", "content": "x"})) == {"name"}
    assert not PolicyFile().validate({"name": "roles.yaml", "content": "x"})


def test_no_part_of_the_platform_uses_another_pattern() -> None:
    files = [*Path(ROOT, "ngao").rglob("*.py"), *Path(ROOT, "services").rglob("*.py")]
    name = f"validate.{validate.Regexp.__name__}("
    assert [str(each) for each in files if name in each.read_text() and each.name != "classes.py"] == []
