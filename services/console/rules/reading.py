"""Read the coalition's rules from console's own copy of policy, as far as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import fields, post_load

from ngao.chassis.policy import load_policy
from ngao.chassis.retention import RETENTION, RetentionFile
from ngao.contracts.classes import Tolerant
from services.console.rules.model import Rules, TriageRule

_TRIAGE, _DEADLINES = "triage.yaml", "deadlines.yaml"


class _Effect(Tolerant):
    """A level of urgency, or points."""

    at_least = fields.String(load_default="")
    points = fields.Integer(load_default=0)


class _RuleFile(Tolerant):
    """One rule of triage, without its conditions."""

    text = fields.String(required=True)
    effect = fields.Nested(_Effect, required=True)

    @post_load
    def to_rule(self, data: dict[str, Any], **_: object) -> TriageRule:
        """Return the rule."""
        return TriageRule(data["text"], **data["effect"])


class _TriageFile(Tolerant):
    """Intake's file, as far as the page shows it."""

    thresholds = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rules = fields.List(fields.Nested(_RuleFile), required=True)


class _DeadlinesFile(Tolerant):
    """Referral's file: for each urgency, the seconds of each wait."""

    urgencies = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.Integer()), required=True
    )


def read_rules(directories: Sequence[Path]) -> Rules:
    """Read the rules. Raises Misconfigured."""
    found = load_policy(directories, {_TRIAGE: _TriageFile(), _DEADLINES: _DeadlinesFile(), RETENTION: RetentionFile()})
    return Rules(
        thresholds=found[_TRIAGE]["thresholds"],
        triage=tuple(found[_TRIAGE]["rules"]),
        deadlines=found[_DEADLINES]["urgencies"],
        retention=found[RETENTION]["services"],
    )
