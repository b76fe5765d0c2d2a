"""The schemas of intake's policy files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from ngao.contracts import codes
from ngao.contracts.classes import Pattern, Strict, Tolerant
from ngao.contracts.lists import LISTS, SLUG, PlaceholdersFile
from ngao.kernel.urgency import URGENCIES
from services.intake.mapping.profiles import Expression
from services.intake.mapping.readings import KINDS, OTHERS, zone_of


class IdentityFile(Tolerant):
    """identity.yaml, as far as intake reads it: the region of phone numbers without a prefix, and why a person may be read."""

    default_region = fields.String(required=True, validate=Pattern(r"^[A-Z]{2}$"))
    read_reasons = fields.List(fields.String(validate=SLUG), required=True, validate=validate.Length(min=1))


def _codes() -> fields.List[str]:
    return fields.List(fields.String(), load_default=list)


class _Earlier(Strict):
    at_least = fields.Integer(required=True, validate=validate.Range(min=1))
    within_days = fields.Integer(required=True, validate=validate.Range(min=1, max=3660))
    violation_group = _codes()
    before = fields.Boolean(load_default=False)


class _When(Strict):
    violation_in = _codes()
    violation_group = _codes()
    ongoing = fields.Boolean(load_default=None)
    against = fields.List(fields.String(validate=validate.OneOf(codes.AGAINST)), load_default=list)
    perpetrator_in = _codes()
    by_state = fields.Boolean(load_default=None)
    needs_include = _codes()
    reporter_in = fields.List(fields.String(validate=validate.OneOf(codes.REPORTER_ROLES)), load_default=list)
    occurred_within_hours = fields.Integer(load_default=None, validate=validate.Range(min=1))
    violations_at_least = fields.Integer(load_default=None, validate=validate.Range(min=1))
    earlier_reports = fields.Nested(_Earlier, load_default=None)


class _Effect(Strict):
    at_least = fields.String(load_default=None, validate=validate.OneOf(URGENCIES))
    points = fields.Integer(load_default=0, validate=validate.Range(-100, 100))


class _Rule(Strict):
    id = fields.String(required=True, validate=SLUG)
    text = fields.String(required=True, validate=validate.Length(10, 300))
    when = fields.Nested(_When, required=True)
    effect = fields.Nested(_Effect, required=True)


class TriageFile(Strict):
    """triage.yaml."""

    version = fields.Raw(required=True)
    thresholds = fields.Dict(
        keys=fields.String(validate=validate.OneOf(URGENCIES[:-1])),
        values=fields.Integer(),
        required=True,
        validate=validate.Length(equal=3),
    )
    rules = fields.List(fields.Nested(_Rule), required=True)
    # Rules written for an earlier version have none: then no operator can decide an urgency.
    decision_reasons = fields.Dict(
        keys=fields.String(validate=SLUG), values=fields.String(validate=validate.Length(10, 300)), load_default=dict
    )
    # What the sentences of rules and reasons are in other languages. Pages show them; nothing is stored or published with them.
    translations = fields.Dict(
        keys=fields.String(validate=Pattern(r"^[a-z]{2,3}$")),
        values=fields.Dict(keys=fields.String(validate=SLUG), values=fields.String(validate=validate.Length(1, 400))),
        load_default=dict,
    )


class _Flag(Strict):
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class FlagsFile(Strict):
    """flags.yaml: what operators may mark a case with. A coalition may have none."""

    flags = fields.Dict(keys=fields.String(validate=SLUG), values=fields.Nested(_Flag), required=True)


def _is_zone(name: str) -> None:
    try:
        zone_of(name)
    except ValueError as error:
        raise ValidationError(f"{error}.") from None


class _Word(fields.String):
    """A word; YAML reads a bare yes or no as true or false."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(str(value).lower() if isinstance(value, bool) else value, *args, **kwargs)


class _Path(Strict):
    path = fields.String(required=True)
    offset = fields.String(load_default="", validate=_is_zone)
    zone = fields.String(load_default="", validate=_is_zone)


class _Expression(fields.Field[Expression]):
    """An expression alone, or with the offset or time zone of the dates that it gives."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Expression:  # noqa: ARG002
        if isinstance(value, str):
            return Expression(value)
        loaded = _Path().load(value)
        return Expression(loaded["path"], loaded["zone"] or loaded["offset"])


class _ValueMap(Strict):
    values = fields.Dict(keys=_Word(), values=_Word(allow_none=True), required=True)
    others = fields.String(load_default="refuse", validate=validate.OneOf(OTHERS))


class _Field(Strict):
    to = fields.String(required=True, validate=Pattern(r"^(/[a-z0-9_*]+)+$", error="Must be a JSON pointer."))
    from_ = fields.List(_Expression(), required=True, validate=validate.Length(min=1), data_key="from")
    for_each = fields.String(load_default="")
    as_ = fields.String(load_default="text", validate=validate.OneOf(sorted(KINDS)), data_key="as")
    map = fields.String(load_default=None)
    default = fields.String(load_default=None)
    strip_prefix = fields.String(load_default="")
    offset = fields.String(load_default="+00:00", validate=_is_zone)
    zone = fields.String(load_default="", validate=_is_zone)
    with_ = fields.String(load_default=None, data_key="with")


class _Edit(Strict):
    name = fields.List(_Expression(), required=True, validate=validate.Length(min=1))
    replaces = fields.List(_Expression(), required=True, validate=validate.Length(min=1))


class ProfileFile(Strict):
    """profiles/*.yaml."""

    version = fields.String(required=True)
    unwrap = fields.List(fields.String(), load_default=list)
    fields_ = fields.List(fields.Nested(_Field), required=True, data_key="fields")
    value_maps = fields.Dict(keys=fields.String(), values=fields.Nested(_ValueMap), load_default=dict)
    discard = fields.List(fields.String(), load_default=list)
    edit = fields.Nested(_Edit, load_default=None)


FLAGS = "flags.yaml"
FILES: Mapping[str, Schema] = {
    **LISTS,
    FLAGS: FlagsFile(),
    "placeholders.yaml": PlaceholdersFile(),
    "triage.yaml": TriageFile(),
}
