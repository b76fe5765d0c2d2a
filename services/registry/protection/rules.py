"""Read `protection.yaml`: the scales of risk assessments, who may be responsible for a measure, and how late a review may be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ngao.chassis.policy import load_policy
from ngao.contracts.classes import Strict
from ngao.contracts.lists import SLUG
from services.registry.protection.model import Step, Terms

PROTECTION = "protection.yaml"
_LABEL = fields.Dict(keys=fields.String(), values=fields.String(), required=True, validate=validate.Length(min=1))


class _Step(Strict):
    value = fields.Integer(required=True, validate=validate.Range(min=0, max=10_000))
    label = _LABEL

    @post_load
    def to_step(self, data: dict[str, Any], **_: object) -> Step:
        return Step(**data)


class _Party(Strict):
    label = _LABEL


def _scale() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=SLUG), values=fields.Nested(_Step), required=True, validate=validate.Length(min=2, max=9)
    )


class _Review(Strict):
    longest_days = fields.Integer(required=True, validate=validate.Range(min=1, max=730))


class ProtectionFile(Strict):
    """protection.yaml."""

    likelihood = _scale()
    impact = _scale()
    level = _scale()
    risk = _scale()
    responsible = fields.Dict(
        keys=fields.String(validate=SLUG), values=fields.Nested(_Party), required=True, validate=validate.Length(min=1, max=30)
    )
    review = fields.Nested(_Review, required=True)

    @validates_schema
    def rising(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a scale whose steps do not rise, one that divides by nothing, and a rating that no level covers."""
        for name in ("likelihood", "impact", "level", "risk"):
            values = [step.value for step in data.get(name, {}).values()]
            if values != sorted(set(values)):
                raise ValidationError("order|Each step must have a higher value than the one before.", name)
            if name == "risk" and values and values[0] != 0:
                raise ValidationError("lowest|The first level must begin at 0.", name)
            if name != "risk" and 0 in values:
                raise ValidationError("lowest|Each value must be 1 or more.", name)


def read_terms(directories: Sequence[Path]) -> Terms:
    """Load and check the file. Raises Misconfigured naming file and key."""
    files = load_policy(directories, {PROTECTION: ProtectionFile()})
    loaded = files[PROTECTION]
    return Terms(
        likelihood=loaded["likelihood"],
        impact=loaded["impact"],
        level=loaded["level"],
        risk=loaded["risk"],
        responsible={code: party["label"] for code, party in loaded["responsible"].items()},
        longest_days=loaded["review"]["longest_days"],
        version=files.version,
    )
