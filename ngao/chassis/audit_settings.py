"""The section `[audit]` of a service's settings."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import RAISE, Schema, fields, validate


@dataclass(frozen=True)
class AuditSettings:
    """How often a service looks whether its audit is what it was, and publishes where the chains are; in seconds."""

    look_every_s: float = 60.0
    heads_every_s: float = 3600.0


class AuditSection(Schema):
    """The section as it is in the file."""

    class Meta:
        """A key nobody knows is a mistake."""

        unknown = RAISE

    look_every_s = fields.Float(load_default=60.0, validate=validate.Range(0.1, 3600))
    heads_every_s = fields.Float(load_default=3600.0, validate=validate.Range(0.1, 86_400))
