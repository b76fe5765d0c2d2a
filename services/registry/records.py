"""Value objects to plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ngao.kernel.consent import Statement, Telling
from services.registry.people.model import Restriction
from services.registry.people.resolution import Suggestion


def statement_to(statement: Statement) -> dict[str, Any]:
    """A consent or withdrawal as it is stored."""
    return {**vars(statement), "scope": list(statement.scope)}


def statement_from(raw: Mapping[str, Any]) -> Statement:
    """The reverse."""
    return Statement(**{**raw, "scope": tuple(raw["scope"])})


def telling_to(telling: Telling) -> dict[str, Any]:
    """What a source stated in one event as it is stored."""
    return {"sequence": telling.sequence, "consents": [statement_to(each) for each in telling.consents]}


def telling_from(raw: Mapping[str, Any]) -> Telling:
    """The reverse."""
    return Telling(raw["sequence"], tuple(statement_from(each) for each in raw["consents"]))


def restriction_to(restriction: Restriction) -> dict[str, Any]:
    """A restriction as it is stored."""
    return {
        "kind": restriction.kind, "partner_id": restriction.partner_id, "reason": restriction.reason,
        "since": restriction.since,
    }


def restriction_from(raw: Mapping[str, Any]) -> Restriction:
    """The reverse."""
    return Restriction(raw["partner_id"], raw["reason"], _aware(raw["since"]), raw["kind"])


def suggestion_to(suggestion: Suggestion) -> dict[str, Any]:
    """A suggestion as it is stored."""
    return {"defender_ref": suggestion.defender_ref, "score": suggestion.score, "reasons": list(suggestion.reasons)}


def suggestion_from(raw: Mapping[str, Any]) -> Suggestion:
    """The reverse."""
    return Suggestion(raw["defender_ref"], raw["score"], tuple(raw["reasons"]))


def _aware(moment: Any) -> datetime:
    if not isinstance(moment, datetime):
        raise TypeError("a stored time is no time")
    return moment
