"""What the registry answers about risk and protection. Without `identity:read` the content is left out, not shortened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from ngao.kernel.records import to_record
from services.registry.people.showing import Reader
from services.registry.protection.model import Assessment, Step, Terms


class ThreatShown(Tolerant):
    """One threat."""

    words = fields.String(metadata=SENSITIVE)
    likelihood = fields.String(metadata=SENSITIVE)
    impact = fields.String(metadata=SENSITIVE)


class MeasureShown(Tolerant):
    """One measure: who is responsible, until which day, and how far it is."""

    words = fields.String(metadata=SENSITIVE)
    responsible = fields.String(metadata=SENSITIVE)
    until = fields.String(metadata=SENSITIVE)
    state = fields.String(metadata=SENSITIVE)


class RatingShown(Tolerant):
    """The risk by policy, with the numbers that made it: threat times vulnerability, divided by capacity."""

    risk = fields.String(metadata=SENSITIVE)
    threat = fields.Integer(metadata=SENSITIVE)
    vulnerability = fields.Integer(metadata=SENSITIVE)
    capacity = fields.Integer(metadata=SENSITIVE)


class ContentShown(Tolerant):
    """What a version says."""

    threats = fields.List(fields.Nested(ThreatShown), metadata=SENSITIVE)
    vulnerability = fields.String(metadata=SENSITIVE)
    vulnerabilities = fields.List(fields.String(), metadata=SENSITIVE)
    capacity = fields.String(metadata=SENSITIVE)
    capacities = fields.List(fields.String(), metadata=SENSITIVE)
    measures = fields.List(fields.Nested(MeasureShown), metadata=SENSITIVE)


class VersionShown(Tolerant):
    """One saved version. `content` and `rating` are null without the right to see values."""

    defender_ref = fields.String(metadata=INTERNAL)
    about = fields.String(metadata=INTERNAL)
    number = fields.Integer(metadata=INTERNAL)
    saved_at = fields.AwareDateTime(metadata=INTERNAL)
    saved_by = fields.String(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    review_at = fields.AwareDateTime(metadata=INTERNAL)
    is_current = fields.Boolean(metadata=INTERNAL)
    is_due = fields.Boolean(metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    content = fields.Nested(ContentShown, allow_none=True, metadata=SENSITIVE)
    rating = fields.Nested(RatingShown, allow_none=True, metadata=SENSITIVE)


class AssessmentsShown(Tolerant):
    """The versions that hold, one each about the person, the family and the organisation; and the history without content."""

    defender_ref = fields.String(metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    current = fields.List(fields.Nested(VersionShown), metadata=INTERNAL)
    history = fields.List(fields.Nested(VersionShown), metadata=INTERNAL)


class AssessmentSaved(Tolerant):
    """Which version was saved, and when its review rings."""

    defender_ref = fields.String(metadata=INTERNAL)
    about = fields.String(metadata=INTERNAL)
    number = fields.Integer(metadata=INTERNAL)
    review_at = fields.AwareDateTime(metadata=INTERNAL)


class AssessmentsRemoved(Tolerant):
    """How many versions were removed."""

    defender_ref = fields.String(metadata=INTERNAL)
    about = fields.String(metadata=INTERNAL)
    removed = fields.Integer(metadata=INTERNAL)


class ReviewShown(Tolerant):
    """One review that is due or will be soon; nothing of what the assessment says."""

    defender_ref = fields.String(metadata=INTERNAL)
    about = fields.String(metadata=INTERNAL)
    number = fields.Integer(metadata=INTERNAL)
    review_at = fields.AwareDateTime(metadata=INTERNAL)
    is_due = fields.Boolean(metadata=INTERNAL)


class ReviewsShown(Tolerant):
    """Reviews, the longest due first; `more` if there are others."""

    reviews = fields.List(fields.Nested(ReviewShown), metadata=INTERNAL)
    more = fields.Boolean(metadata=INTERNAL)


class StepShown(Tolerant):
    """A code of policy with its label by language; `value` is what it counts in the rating."""

    code = fields.String(metadata=INTERNAL)
    value = fields.Integer(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)


class TermsShown(Tolerant):
    """The scales of policy, who may be responsible, and within how many days a review must be."""

    likelihood = fields.List(fields.Nested(StepShown), metadata=INTERNAL)
    impact = fields.List(fields.Nested(StepShown), metadata=INTERNAL)
    level = fields.List(fields.Nested(StepShown), metadata=INTERNAL)
    risk = fields.List(fields.Nested(StepShown), metadata=INTERNAL)
    responsible = fields.List(fields.Nested(StepShown), metadata=INTERNAL)
    longest_days = fields.Integer(metadata=INTERNAL)


def version_shown(version: Assessment, reader: Reader | None, now: datetime) -> dict[str, Any]:
    """Return one version: with its content for a reader who may see values, else without."""
    sees = reader is not None and reader.sees_identity
    return {
        **{
            name: getattr(version, name) for name in ("defender_ref", "about", "number", "saved_at", "saved_by", "policy_version")
        },
        "review_at": version.review_at,
        "is_current": version.is_current,
        "is_due": version.is_current and version.review_at <= now,
        "masked": not sees,
        "content": to_record(version.content) if sees else None,
        "rating": to_record(version.rating) if sees else None,
    }


def terms_shown(terms: Terms) -> dict[str, Any]:
    """Return the scales as `TermsShown`."""
    scales: dict[str, Mapping[str, Step]] = {name: getattr(terms, name) for name in ("likelihood", "impact", "level", "risk")}
    shown: dict[str, Any] = {
        name: [{"code": code, "value": step.value, "label": dict(step.label)} for code, step in scale.items()]
        for name, scale in scales.items()
    }
    parties = [{"code": code, "value": 0, "label": dict(label)} for code, label in terms.responsible.items()]
    return shown | {"responsible": parties, "longest_days": terms.longest_days}
