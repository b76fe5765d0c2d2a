"""Intake's own section of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.errors import Misconfigured
from ngao.chassis.sections import Section
from ngao.contracts.classes import Pattern
from services.intake.dry_runs.model import DryRunBounds
from services.intake.quarantine.model import QuarantineBounds

_NUMBER = validate.Range(min=1, max=100_000)
_BYTES = validate.Range(min=64 * 1024, max=16 * 1024**3)


@dataclass(frozen=True)
class OwnSettings:
    """`phone_region` is the region of a phone number written without a country code; None: `default_region` of identity.yaml."""

    phone_region: str | None
    dry_runs: DryRunBounds
    quarantine: QuarantineBounds


class _Own(Section):
    phone_region = fields.String(load_default=None, validate=Pattern(r"^[A-Z]{2}$"))
    dry_runs_per_hour = fields.Integer(load_default=DryRunBounds.per_hour, strict=True, validate=_NUMBER)
    dry_runs_per_day = fields.Integer(load_default=DryRunBounds.per_day, strict=True, validate=_NUMBER)

    quarantine_bodies = fields.Integer(load_default=QuarantineBounds.bodies, strict=True, validate=_NUMBER)
    quarantine_bytes = fields.Integer(load_default=QuarantineBounds.bytes, strict=True, validate=_BYTES)

    @validates_schema
    def _a_day_has_no_less_than_an_hour(self, data: dict[str, Any], **_: Any) -> None:
        if data["dry_runs_per_day"] < data["dry_runs_per_hour"]:
            raise ValidationError("Must be at least dry_runs_per_hour.", "dry_runs_per_day")


def read(section: Mapping[str, Any]) -> OwnSettings:
    """Return the section, checked. Raises Misconfigured naming every key with an error."""
    try:
        own = _Own().load(dict(section))
    except ValidationError as error:
        raise Misconfigured(f"The section own of intake's settings has errors: {', '.join(sorted(error.messages))}.") from None
    dry_runs = DryRunBounds(own["dry_runs_per_hour"], own["dry_runs_per_day"])
    return OwnSettings(own["phone_region"], dry_runs, QuarantineBounds(own["quarantine_bodies"], own["quarantine_bytes"]))
