"""Counties by their scheme, unknown codes by pointer, needs suggested."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Draft, Place, Violation
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TORTURE = Violation("torture", perpetrators=("police",), involvements=("ordered",))
DRAFT = Draft("e1", NOW, "self", (TORTURE,), Place("iso3166-2", "KE-30"))


@pytest.mark.parametrize(("scheme", "code", "iso"), [
    ("iso3166-2", "KE-30", "KE-30"), ("iso3166-2", "ke-01", "KE-01"), ("ke-county", "47", "KE-30"), ("ke-county", "30", "KE-01"),
    ("ke-county", "047", "KE-30"), ("iso3166-2", "30", None), ("iso3166-2", "KE-48", None), ("ke-county", "48", None),
    ("ke-county", "KE-30", None), ("ke-county", "٤٧", None), ("ke-county", "0", None),
])
def test_a_county_is_resolved_by_its_scheme(policy: IntakePolicy, scheme: str, code: str, iso: str | None) -> None:
    assert county_of(Place(scheme, code), policy.vocabulary) == iso


def test_there_are_47_counties_and_each_number_is_there_once(policy: IntakePolicy) -> None:
    assert sorted(policy.vocabulary.counties.values()) == list(range(1, 48))


def test_a_report_by_the_lists_has_no_problems(policy: IntakePolicy) -> None:
    assert problems_of(DRAFT, policy.vocabulary, NOW) == []


@pytest.mark.parametrize(("change", "pointer", "code"), [
    ({"violations": (Violation("torture"), Violation("teleport"))}, "/violations/1/type", "unknown_code"),
    ({"violations": (replace(TORTURE, perpetrators=("x",)),)}, "/violations/0/perpetrators/0/type", "unknown_code"),
    ({"violations": (replace(TORTURE, involvements=("x",)),)}, "/violations/0/perpetrators/0/involvement", "unknown_code"),
    ({"needs": ("medical", "x")}, "/needs/1", "unknown_code"),
    ({"languages": ("xx",)}, "/languages/0", "unknown_code"),
    ({"place": Place("iso3166-2", "30")}, "/location/code", "ambiguous"),
    ({"place": Place("ke-county", "99")}, "/location/code", "unknown_code"),
    ({"occurred_at": NOW + timedelta(days=4)}, "/occurred_at", "range"),
])  # fmt: skip
def test_what_the_lists_do_not_know_is_named_by_pointer(policy: IntakePolicy, change: dict, pointer: str, code: str) -> None:
    problems = problems_of(replace(DRAFT, **change), policy.vocabulary, NOW)
    assert [(each.pointer, each.code) for each in problems] == [(pointer, code)]


def test_every_violation_suggests_some_support(policy: IntakePolicy) -> None:
    vocabulary = policy.vocabulary
    for slug in vocabulary.violations:
        needs = needs_suggested_by([Violation(slug)], vocabulary)
        assert needs
        assert set(needs) <= vocabulary.supports


def test_the_heaviest_violations_needs_come_first_and_once(policy: IntakePolicy) -> None:
    needs = needs_suggested_by([Violation("censorship"), Violation("torture")], policy.vocabulary)
    assert needs == ("medical", "psychosocial", "legal_aid", "monitoring_and_advocacy")
