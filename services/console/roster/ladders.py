"""Read the ladders of notify's rules, as far as the roster's page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, post_load, validate

from ngao.contracts.classes import Tolerant
from services.console.roster.model import Ladder, Step

NOTIFICATIONS = "notifications.yaml"


class _StepFile(Tolerant):
    """One person of a ladder."""

    person = fields.String(required=True)
    within_minutes = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))

    @post_load
    def to_step(self, data: dict[str, Any], **_: object) -> Step:
        """Return the step; whole minutes are shown as such."""
        minutes = data["within_minutes"]
        return Step(data["person"], int(minutes) if minutes.is_integer() else minutes)


class _LadderFile(Tolerant):
    """The people who are asked one after another."""

    steps = fields.List(fields.Nested(_StepFile), required=True, validate=validate.Length(min=1))
    reminders = fields.Integer(load_default=0, validate=validate.Range(0))


class NotificationsFile(Tolerant):
    """The one key of notify's file that pages need, too."""

    ladders = fields.Dict(keys=fields.String(), values=fields.Nested(_LadderFile), required=True)


def ladders_of(document: Mapping[str, Any]) -> tuple[Ladder, ...]:
    """Return the ladders of a loaded file, in its order."""
    return tuple(Ladder(name, tuple(each["steps"]), each["reminders"]) for name, each in document["ladders"].items())
