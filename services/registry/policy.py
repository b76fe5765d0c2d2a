"""Read `identity.yaml`, and the registry's part of `retention.yaml`, into the domain's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ngao.chassis.policy import load_policy, reads_policy
from ngao.chassis.retention import load_retention
from ngao.contracts.classes import Pattern, Strict, Tolerant
from ngao.contracts.lists import PlaceholdersFile
from ngao.kernel.placeholders import Placeholders
from services.registry.networks.rules import read_networks
from services.registry.protection.rules import read_terms
from services.registry.rules import CheckinKind, CheckinRules, IdentityPolicy, MatchingRules
from services.registry.trainings.rules import read_counties, read_programmes

IDENTITY, PLACEHOLDERS, MATCHING, CHECKINS = "identity.yaml", "placeholders.yaml", "matching.yaml", "checkins.yaml"

_RETENTION = {"cases": ("withdrawn", "received"), "checkins": ("ended",)}

_SHARE = validate.Range(min=0, max=1)
_ATTRIBUTES = (
    "gender",
    "age_group",
    "disability",
    "orientation",
    "ethnicity",
    "religion",
    "nationality",
    "displacement",
    "work",
    "dependants",
)


class _Weights(Strict):
    name = fields.Float(required=True, validate=_SHARE)
    phone = fields.Float(required=True, validate=_SHARE)
    email = fields.Float(required=True, validate=_SHARE)


_WORD = fields.String(validate=Pattern(r"^[^\W\d_]{2,20}$"))


class _Matching(Strict):
    contradicts_below = fields.Float(required=True, validate=_SHARE)
    candidate_from = fields.Float(required=True, validate=_SHARE)
    weights = fields.Nested(_Weights, required=True)
    same_sounds = fields.Dict(
        keys=fields.String(validate=Pattern(r"^[a-z]{1,3}$")),
        values=fields.String(validate=validate.Length(equal=1)),
        required=True,
    )
    most_candidates = fields.Integer(required=True, validate=validate.Range(min=1, max=50))
    same_word_from = fields.Float(load_default=0.93, validate=_SHARE)
    kin_words = fields.List(_WORD, load_default=())
    near_sounds = fields.Dict(
        keys=fields.String(validate=Pattern(r"^[a-z]{1,3}$")),
        values=fields.String(validate=validate.Length(equal=1)),
        load_default=dict,
    )
    given_names = fields.List(fields.List(_WORD, validate=validate.Length(min=2)), load_default=())
    other_names = fields.List(fields.List(_WORD, validate=validate.Length(min=2)), load_default=())
    titles = fields.List(_WORD, load_default=())
    particles = fields.List(_WORD, load_default=())

    @validates_schema
    def each_form_once(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a word that is a form of two given names: which of them it is would depend on the order of the list."""
        seen: Counter[str] = Counter(word for forms in data.get("given_names", ()) for word in forms)
        twice = sorted(word for word, times in seen.items() if times > 1)
        if twice:
            raise ValidationError(f"duplicate|Each form once: {', '.join(twice)}.", "given_names")

    @post_load
    def to_rules(self, data: dict[str, Any], **_: object) -> MatchingRules:
        """Return the rules with each list as it is looked up."""
        lists = ("kin_words", "titles", "particles")
        given = {word: forms[0] for forms in data["given_names"] for word in forms}
        other: dict[str, frozenset[str]] = {}
        for group in data["other_names"]:
            for word in group:
                other[word] = other.get(word, frozenset()) | (frozenset(group) - {word})
        sets = {name: frozenset(data[name]) for name in lists}
        return MatchingRules(**data | sets | {"given_names": given, "other_names": other})


class _Reconfirmation(Strict):
    after_days = fields.Integer(load_default=90, validate=validate.Range(min=1, max=730))
    grace_days = fields.Integer(load_default=14, validate=validate.Range(min=1, max=365))


class IdentityFile(Strict):
    """identity.yaml: matching, which attributes may be used, coded reasons."""

    default_region = fields.String(required=True, validate=Pattern(r"^[A-Z]{2}$"))
    matching = fields.Nested(_Matching, required=True)
    attributes_for_matching = fields.List(fields.String(validate=validate.OneOf(_ATTRIBUTES)), required=True)
    restriction_reasons = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    read_reasons = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    reconfirm_contact = fields.Nested(_Reconfirmation, load_default=lambda: _Reconfirmation().load({}))
    labels = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String()), load_default=dict
    )


class _Kind(Strict):
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    grace_minutes = fields.Integer(required=True, validate=validate.Range(min=1, max=1440))
    verify_minutes = fields.Integer(required=True, validate=validate.Range(min=0, max=1440))
    needs = fields.List(fields.String(), load_default=())


class CheckinsFile(Strict):
    """checkins.yaml: what a sign of life is agreed for, and how long it is waited for."""

    kinds = fields.Dict(
        keys=fields.String(validate=Pattern(r"^[a-z][a-z0-9_]{1,63}$")),
        values=fields.Nested(_Kind),
        required=True,
        validate=validate.Length(min=1),
    )
    shortest_word = fields.Integer(required=True, validate=validate.Range(min=3, max=20))
    least_different = fields.Integer(required=True, validate=validate.Range(min=1, max=5))

    @post_load
    def to_rules(self, data: dict[str, Any], **_: object) -> CheckinRules:
        """Return the rules."""
        kinds = {
            code: CheckinKind(each["grace_minutes"], each["verify_minutes"], tuple(each["needs"]))
            for code, each in data["kinds"].items()
        }
        return CheckinRules(kinds, data["shortest_word"], data["least_different"])


class _MatchingFile(Tolerant):
    """The one key of referral's file that the registry needs, too: the time in which safe hours are read."""

    timezone = fields.String(required=True, validate=validate.OneOf(available_timezones()))


def read_policy(directories: Sequence[Path]) -> IdentityPolicy:
    """Load and check the files. Raises Misconfigured naming file and key."""
    files = load_policy(directories, {IDENTITY: IdentityFile(), PLACEHOLDERS: PlaceholdersFile(), CHECKINS: CheckinsFile()})
    loaded = files[IDENTITY]
    zone = load_policy(directories, {MATCHING: _MatchingFile()})[MATCHING][
        "timezone"
    ]  # decides no resolution: not in the version
    return IdentityPolicy(
        version=files.version,
        default_region=loaded["default_region"],
        matching=loaded["matching"],
        attributes_for_matching=frozenset(loaded["attributes_for_matching"]),
        restriction_reasons=tuple(loaded["restriction_reasons"]),
        read_reasons=tuple(loaded["read_reasons"]),
        retention=load_retention(directories, "registry", _RETENTION),
        placeholders=Placeholders.of(**files[PLACEHOLDERS], region=loaded["default_region"]),
        zone=zone,
        reconfirm_after=timedelta(days=loaded["reconfirm_contact"]["after_days"]),
        reconfirm_grace=timedelta(days=loaded["reconfirm_contact"]["grace_days"]),
        networks=read_networks(directories),
        checkins=files[CHECKINS],
        programmes=read_programmes(directories),
        counties=read_counties(directories),
        protection=read_terms(directories),
    )


@reads_policy("registry")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that the registry reads at its start. Returns the version. Raises Misconfigured."""
    return read_policy(directories).version
