"""Read `identity.yaml` into the domain's rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from ngao.chassis.policy import load_policy
from services.registry.domain.policy import IdentityPolicy, MatchingRules, Retention

IDENTITY = "identity.yaml"

_SHARE = validate.Range(min=0, max=1)
_DAYS = validate.Range(min=1)
_ATTRIBUTES = (
    "gender", "age_group", "disability", "orientation", "ethnicity", "religion", "nationality", "displacement", "work",
    "dependants",
)


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _Weights(_Strict):
    name = fields.Float(required=True, validate=_SHARE)
    phone = fields.Float(required=True, validate=_SHARE)
    email = fields.Float(required=True, validate=_SHARE)


class _Matching(_Strict):
    contradicts_below = fields.Float(required=True, validate=_SHARE)
    candidate_from = fields.Float(required=True, validate=_SHARE)
    weights = fields.Nested(_Weights, required=True)
    same_sounds = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[a-z]{1,3}$")), values=fields.String(validate=validate.Length(equal=1)),
        required=True,
    )
    most_candidates = fields.Integer(required=True, validate=validate.Range(min=1, max=50))


class _Retention(_Strict):
    case_days = fields.Integer(required=True, validate=_DAYS)
    withdrawn_days = fields.Integer(required=True, validate=_DAYS)


class IdentityFile(_Strict):
    """identity.yaml: matching, which attributes may be used, coded reasons, retention."""

    default_region = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{2}$"))
    matching = fields.Nested(_Matching, required=True)
    attributes_for_matching = fields.List(fields.String(validate=validate.OneOf(_ATTRIBUTES)), required=True)
    restriction_reasons = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    read_reasons = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    retention = fields.Nested(_Retention, required=True)


def read_policy(directories: Sequence[Path]) -> IdentityPolicy:
    """Load and check the file; raises Misconfigured naming file and key."""
    files = load_policy(directories, {IDENTITY: IdentityFile()})
    return to_policy(files[IDENTITY], files.version)


def to_policy(loaded: dict[str, Any], version: str) -> IdentityPolicy:
    """The domain's rules from the loaded file."""
    return IdentityPolicy(
        version=version,
        default_region=loaded["default_region"],
        matching=MatchingRules(**loaded["matching"]),
        attributes_for_matching=frozenset(loaded["attributes_for_matching"]),
        restriction_reasons=tuple(loaded["restriction_reasons"]),
        read_reasons=tuple(loaded["read_reasons"]),
        retention=Retention(**loaded["retention"]),
    )
