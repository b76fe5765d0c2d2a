"""The lists that Ngao ships: the risks of women defenders have a code, each kind of help a partner that can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.intake.policy import load
from services.intake.reports.draft import Violation
from services.intake.reports.vocabulary import needs_suggested_by

POLICY = Path(__file__).resolve().parents[2] / "deploy" / "policy"
VOCABULARY = load([POLICY]).vocabulary

ASKED_FOR_WITHOUT_A_VIOLATION = {"advocacy_skills", "forum_participation", "forum_funding", "other"}
"""What a network asks for in calm times; no violation suggests it."""


def read(name: str) -> Any:
    return yaml.safe_load((POLICY / name).read_text("utf-8"))


@pytest.mark.parametrize(("violation", "needs"), [
    ("offline_gendered_abuse", {"psychosocial", "documentation_support"}),
    ("online_gendered_abuse", {"digital_security", "psychosocial", "documentation_support", "digital_investigation"}),
    ("ostracism_or_stigmatisation", {"psychosocial"}),
    ("hate_speech_or_incitement", {"documentation_support"}),
    ("forced_outing", {"psychosocial", "safe_house"}),
    ("sextortion", {"psychosocial", "legal_aid"}),
    ("humiliating_strip_search", {"psychosocial", "legal_aid"}),
    ("reprisal_for_cooperation", {"monitoring_and_advocacy"}),
    ("restrictive_law_or_policy", {"monitoring_and_advocacy"}),
    ("failure_to_protect", {"monitoring_and_advocacy"}),
    ("failure_to_investigate", {"demand_for_investigation"}),
    ("incommunicado_detention", {"legal_aid"}),
    ("torture", {"legal_aid", "medical", "psychosocial"}),
    ("rape", {"safe_house", "forensic_medical", "medical", "psychosocial"}),
    ("killing", {"psychosocial", "demand_for_investigation", "family_support"}),
    ("smear_campaign", {"psychosocial", "digital_investigation"}),
])  # fmt: skip
def test_a_violation_suggests_the_help_it_calls_for(violation: str, needs: set[str]) -> None:
    assert needs <= set(needs_suggested_by([Violation(violation)], VOCABULARY))


def test_each_kind_of_help_is_suggested_by_some_violation_unless_it_is_for_calm_times() -> None:
    suggested = {need for code in VOCABULARY.violations for need in needs_suggested_by([Violation(code)], VOCABULARY)}
    assert VOCABULARY.supports - suggested - ASKED_FOR_WITHOUT_A_VIOLATION == set()


def test_each_kind_of_help_has_a_vetted_partner_in_the_example_directory() -> None:
    partners = [each for each in read("partners.example.yaml")["partners"] if each["vetted"]]
    assert {need for partner in partners for need in partner["support_types"]} == set(VOCABULARY.supports)
