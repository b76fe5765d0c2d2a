"""The schemas of the coalition's lists: the codes that reports and partners may use, and what names no one."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema, fields, validate

from ngao.contracts.classes import Pattern, Strict, Tolerant

SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="Must be lower-case letters, digits and underscores.")


class _Entry(Tolerant):
    """A list entry. Other members, such as crosswalk codes, are for others and are not checked."""

    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class _ViolationEntry(_Entry):
    group = fields.String(required=True, validate=SLUG)
    severity = fields.Integer(required=True, validate=validate.Range(0, 100))


class _PerpetratorEntry(_Entry):
    state = fields.Boolean(required=True)


class _CountyEntry(Strict):
    number = fields.Integer(required=True)
    name = fields.String(required=True)


def _listed(entry: type[Schema], *, key: validate.Validator = SLUG) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=key), values=fields.Nested(entry), required=True, validate=validate.Length(min=1)
    )


def _codes_by_code() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.List(fields.String(), validate=validate.Length(min=1)), required=True)


class ViolationsFile(Strict):
    """violations.yaml. `groups` has the labels of the groups; where a file has none, their codes are shown."""

    groups = fields.Dict(keys=fields.String(validate=SLUG), values=fields.Nested(_Entry), load_default=dict)
    violations = _listed(_ViolationEntry)


class _Suggestions(Strict):
    groups = _codes_by_code()
    violations = _codes_by_code()


class SupportTypesFile(Strict):
    """support_types.yaml."""

    support_types = _listed(_Entry)
    suggested_by = fields.Nested(_Suggestions, required=True)


class CountiesFile(Strict):
    """counties.yaml. `scheme` names the national numbers of counties, for sources that write these."""

    scheme = fields.String(load_default="", validate=Pattern(r"^[a-z][a-z0-9-]{1,19}$"))
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
    emails = fields.List(fields.String(validate=Pattern(r"^[^@]*@[^@]*$")), load_default=())


LISTS: Mapping[str, Schema] = {
    "violations.yaml": ViolationsFile(),
    "support_types.yaml": SupportTypesFile(),
    "counties.yaml": CountiesFile(),
    "perpetrators.yaml": PerpetratorsFile(),
    "languages.yaml": LanguagesFile(),
}
