"""The scales of policy: what would rate every risk wrongly does not start, and the formula's parts move the rating."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from marshmallow import ValidationError

from ngao.testing.memory import SHIPPED_POLICY
from services.registry.protection.model import Content, Threat, rate
from services.registry.protection.rules import ProtectionFile
from tests.unit.registry.protection.conftest import TERMS

FILE: dict[str, Any] = yaml.safe_load((SHIPPED_POLICY / "protection.yaml").read_text("utf-8"))
LABEL = {"en": "A", "sw": "A"}


def content(*threats: tuple[str, str], vulnerability: str = "medium", capacity: str = "medium") -> Content:
    return Content(tuple(Threat("x", *each) for each in threats), vulnerability, capacity)


def risk(*threats: tuple[str, str], **levels: str) -> str:
    return rate(content(*threats, **levels), TERMS).risk


def test_the_worst_threat_counts() -> None:
    assert risk(("unlikely", "minor")) == "low"
    assert risk(("unlikely", "minor"), ("imminent", "fatal")) == risk(("imminent", "fatal")) == "extreme"


def test_vulnerability_raises_and_capacity_lowers_the_risk() -> None:
    levels = (("low", "high"), ("low", "low"), ("high", "low"))
    found = [risk(("possible", "serious"), vulnerability=vulnerable, capacity=able) for vulnerable, able in levels]
    assert found == ["low", "medium", "high"]


@pytest.mark.parametrize(("scale", "steps"), [
    ("likelihood", {"aa": {"value": 2, "label": LABEL}, "bb": {"value": 1, "label": LABEL}}),
    ("impact", {"aa": {"value": 1, "label": LABEL}, "bb": {"value": 1, "label": LABEL}}),
    ("level", {"aa": {"value": 0, "label": LABEL}, "bb": {"value": 1, "label": LABEL}}),
    ("risk", {"aa": {"value": 1, "label": LABEL}, "bb": {"value": 2, "label": LABEL}}),
    ("risk", {"aa": {"value": 0, "label": LABEL}}),
])  # fmt: skip
def test_a_scale_that_would_rate_wrongly_is_refused_by_its_name(scale: str, steps: dict[str, Any]) -> None:
    assert ProtectionFile().load(FILE)
    with pytest.raises(ValidationError) as refused:
        ProtectionFile().load({**FILE, scale: steps})
    assert set(refused.value.messages) == {scale}
