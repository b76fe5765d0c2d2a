"""The section `[audit]` of a service's settings."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from ngao.chassis.sections import Section


@dataclass(frozen=True)
class AuditSettings:
    """How often a service looks whether its audit is what it was, and publishes where the chains are; in seconds.

    `heads_late_after` is how many of these intervals another service may publish nothing before it is an alarm.
    `lists_within_s` is how long an operator's readings of one list are counted into one entry; 0 writes an entry for each.
    """

    look_every_s: float = 60.0
    heads_every_s: float = 3600.0
    heads_late_after: int = 3
    lists_within_s: float = 300.0


class AuditSection(Section):
    """The section as it is in the file."""

    look_every_s = fields.Float(load_default=AuditSettings.look_every_s, validate=validate.Range(0.1, 3600))
    heads_every_s = fields.Float(load_default=AuditSettings.heads_every_s, validate=validate.Range(0.1, 86_400))
    heads_late_after = fields.Integer(load_default=AuditSettings.heads_late_after, validate=validate.Range(2, 100))
    lists_within_s = fields.Float(load_default=AuditSettings.lists_within_s, validate=validate.Range(0, 3600))
