"""The schemas of intake's policy files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from ngao.contracts import codes
from ngao.contracts.classes import Pattern, Strict
from ngao.kernel.urgency import URGENCIES
from services.intake.mapping.profiles import Expression
from services.intake.mapping.readings import KINDS, OTHERS, zone_of

_SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="Must be lower-case letters, digits and underscores.")


class ReadReasons(Schema):
    """Why an operator may read what is about a person; the registry reads the rest of this file."""

    class Meta:
        """The rest is not looked at here."""

        unknown = EXCLUDE

    read_reasons = fields.List(fields.String(validate=_SLUG), required=True, validate=validate.Length(min=1))


class _Entry(Schema):
    """A list entry; crosswalk codes beside what intake reads are for others, so they are not looked at."""

    class Meta:
        unknown = EXCLUDE

    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class _ViolationEntry(_Entry):
    group = fields.String(required=True, validate=_SLUG)
    severity = fields.Integer(required=True, validate=validate.Range(0, 100))


class _PerpetratorEntry(_Entry):
    state = fields.Boolean(required=True)


class _CountyEntry(Strict):
    number = fields.Integer(required=True)
    name = fields.String(required=True)


def _listed(entry: type[Schema], *, key: validate.Validator = _SLUG) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=key), values=fields.Nested(entry), required=True, validate=validate.Length(min=1)
    )


def _codes() -> fields.List[str]:
    return fields.List(fields.String(), load_default=list)


def _codes_by_code() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.List(fields.String(), validate=validate.Length(min=1)), required=True)


class ViolationsFile(Strict):
    """violations.yaml."""

    violations = _listed(_ViolationEntry)


class _Suggestions(Strict):
    groups = _codes_by_code()
    violations = _codes_by_code()


class SupportTypesFile(Strict):
    """support_types.yaml."""

    support_types = _listed(_Entry)
    suggested_by = fields.Nested(_Suggestions, required=True)


class CountiesFile(Strict):
    """counties.yaml."""

    counties = _listed(_CountyEntry, key=Pattern(r"^[A-Z]{2}-[A-Z0-9]{1,3}$", error="Must be an ISO 3166-2 code."))


class PerpetratorsFile(Strict):
    """perpetrators.yaml."""

    perpetrators = _listed(_PerpetratorEntry)
    involvements = _listed(_Entry)


class LanguagesFile(Strict):
    """languages.yaml."""

    languages = fields.Dict(keys=fields.String(validate=Pattern(r"^[a-z]{2,3}$")), values=fields.String(), required=True)
    written_in = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class PlaceholdersFile(Strict):
    """placeholders.yaml: what names no one."""

    names = fields.List(fields.String(validate=validate.Length(min=1)), required=True)
    phones = fields.List(fields.String(validate=validate.Length(min=1)), required=True)
    beside = fields.List(fields.String(validate=validate.Length(min=1)), load_default=())
    emails = fields.List(fields.String(validate=validate.Regexp(r"^[^@]*@[^@]*$")), load_default=())


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
    id = fields.String(required=True, validate=_SLUG)
    text = fields.String(required=True, validate=validate.Length(10, 300))
    when = fields.Nested(_When, required=True)
    effect = fields.Nested(_Effect, required=True)


class TriageFile(Strict):
    """triage.yaml."""

    version = fields.Raw(required=True)
    thresholds = fields.Dict(
        keys=fields.String(validate=validate.OneOf(URGENCIES[:-1])), values=fields.Integer(), required=True,
        validate=validate.Length(equal=3),
    )
    rules = fields.List(fields.Nested(_Rule), required=True)
    # Rules written for an earlier version have none: then no operator can decide an urgency.
    decision_reasons = fields.Dict(
        keys=fields.String(validate=_SLUG), values=fields.String(validate=validate.Length(10, 300)), load_default=dict
    )


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


FILES: Mapping[str, Schema] = {
    "violations.yaml": ViolationsFile(),
    "support_types.yaml": SupportTypesFile(),
    "counties.yaml": CountiesFile(),
    "perpetrators.yaml": PerpetratorsFile(),
    "languages.yaml": LanguagesFile(),
    "placeholders.yaml": PlaceholdersFile(),
    "triage.yaml": TriageFile(),
}
