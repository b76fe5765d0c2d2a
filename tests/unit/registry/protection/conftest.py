"""A registry with one person, and an officer who assesses her risk; who and what in it is invented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from ngao.testing.memory import SHIPPED_POLICY
from services.registry.people.register import register_defender
from services.registry.protection.manage import read_assessments, save_assessment
from services.registry.protection.requests import AssessmentToSave
from services.registry.protection.rules import read_terms
from tests.support.registry import POLICY, Register

SEES = Principal("operator", "amina", {"identity:read": WHOLE}, grant=WHOLE)
MASKED = Principal("operator", "watch", {})
TERMS = read_terms([SHIPPED_POLICY])
ASSESSMENT: dict[str, Any] = {
    "threats": [
        {"words": "Men on a motorcycle follow her home.", "likelihood": "likely", "impact": "severe"},
        {"words": "Her phone may be taken.", "likelihood": "possible", "impact": "minor"},
    ],
    "vulnerability": "high", "vulnerabilities": ["She walks the same way each evening."],
    "capacity": "low", "capacities": ["Neighbours who watch the gate."],
    "measures": [{"words": "Change the way home.", "responsible": "person", "until": "2026-11-30"}],
    "review_on": "2026-12-22",
}  # fmt: skip
WORDS = ("motorcycle", "phone may", "same way", "Neighbours", "way home")


class Desk:
    """A registry with one person without a case."""

    def __init__(self) -> None:
        self.register = Register()
        self.register.policy = replace(POLICY, protection=TERMS, zone="Africa/Nairobi")
        stated = {"names": ["Invented Person Akinyi"], "phones": ["+254700000101"]}
        self.ref = str(register_defender(self.register.ctx, {"identity": stated})["defender_ref"])

    def save(self, about: str = "person", ref: str = "", **changes: Any) -> dict[str, Any]:
        """Save a version, loaded as it comes from outside."""
        given = {"seen": 0, **ASSESSMENT, **changes}
        return save_assessment(self.register.open(SEES), ref or self.ref, about, AssessmentToSave().load(given))

    def read(self, caller: Principal = SEES, ref: str = "") -> dict[str, Any]:
        return read_assessments(self.register.open(caller), ref or self.ref, reason="case_work")


@pytest.fixture
def desk() -> Desk:
    return Desk()
