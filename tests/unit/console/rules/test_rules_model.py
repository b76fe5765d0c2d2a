"""What a check of several services says once, and in which unit a time is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.console.rules.model import Finding, findings_of, in_units
from services.console.rules.reading import read_rules

POLICY = Path(__file__).resolve().parents[4] / "deploy" / "policy"


def test_what_several_services_say_is_one_finding() -> None:
    wrong = "The policy file triage.yaml has errors: rules: required."
    answers = {"intake": {"wrong": wrong}, "notify": {"wrong": None}, "console": {"wrong": wrong}, "referral": {}}
    assert findings_of(answers) == [Finding(wrong, ("intake", "console"))]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(900, (15, "minute")), (3600, (1, "hour")), (259200, (3, "day")), (90, (90, "second")), (0, (0, "second"))],
)
def test_a_time_is_shown_in_its_largest_whole_unit(seconds: int, shown: tuple[int, str]) -> None:
    assert in_units(seconds) == shown


def test_the_shipped_rules_are_read() -> None:
    rules = read_rules((POLICY,))
    assert "The first hours decide." in rules.triage[0].text
    assert rules.triage[0].at_least == "critical"
    assert rules.deadlines["critical"]["respond_by"] == 900
    assert rules.retention["intake"]["reports"]["closed"] == 365
