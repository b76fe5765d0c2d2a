"""What officers send about risk and protection, with its checks."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict
from ngao.kernel.ids import ID
from services.registry.protection.model import About, Progress, Terms

_CODE = validate.Length(min=1, max=64)
_WORDS = validate.Length(min=1, max=1000)
_MOST_THREATS, _MOST_MEASURES, _MOST_LINES = 20, 40, 30
STAFF = "staff:"
"""How the account of a responsible person begins."""
_RESPONSIBLE = Pattern(rf"^(?:[a-z][a-z0-9_]{{1,63}}|{STAFF}{ID})$", error="format|Must be a code of policy, or staff:<account>.")


def _lines() -> fields.List[Any]:
    return fields.List(
        fields.String(validate=_WORDS), load_default=list, validate=validate.Length(max=_MOST_LINES), metadata=SENSITIVE
    )


class ThreatToSave(Strict):
    """One threat; likelihood and impact are codes of policy."""

    words = fields.String(required=True, validate=_WORDS, metadata=SENSITIVE)
    likelihood = fields.String(required=True, validate=_CODE, metadata=INTERNAL)
    impact = fields.String(required=True, validate=_CODE, metadata=INTERNAL)


class MeasureToSave(Strict):
    """One measure: who is responsible (a code of policy or `staff:<account>`, never a name), and until which day."""

    words = fields.String(required=True, validate=_WORDS, metadata=SENSITIVE)
    responsible = fields.String(required=True, validate=_RESPONSIBLE, metadata=INTERNAL)
    until = fields.Date(required=True, metadata=INTERNAL)
    state = fields.String(
        load_default=Progress.PLANNED,
        validate=validate.OneOf([str(each) for each in Progress], error="unknown_code|Must be one of: planned, done, dropped."),
        metadata=INTERNAL,
    )


class AssessmentToSave(Strict):
    """A new version of an assessment with its plan. `seen` is the number of the version that it replaces; 0 for the first one."""

    seen = fields.Integer(required=True, strict=True, validate=validate.Range(min=0), metadata=INTERNAL)
    threats = fields.List(
        fields.Nested(ThreatToSave), required=True, validate=validate.Length(min=1, max=_MOST_THREATS), metadata=SENSITIVE
    )
    vulnerability = fields.String(required=True, validate=_CODE, metadata=INTERNAL)
    vulnerabilities = _lines()
    capacity = fields.String(required=True, validate=_CODE, metadata=INTERNAL)
    capacities = _lines()
    measures = fields.List(
        fields.Nested(MeasureToSave), load_default=list, validate=validate.Length(max=_MOST_MEASURES), metadata=SENSITIVE
    )
    review_on = fields.Date(required=True, metadata=INTERNAL)


def check_about(about: str) -> None:
    """Raise InvalidInput for an assessment about something else."""
    if about not in set(About):
        detail = f"Must be one of: {', '.join(About)}."
        raise InvalidInput("There is no such assessment.", [FieldError("/about", "unknown_code", detail)])


def check_content(body: Mapping[str, Any], terms: Terms, today: date) -> None:
    """Raise InvalidInput naming every code that policy does not have, and a review that is past or too late."""
    if wrong := [*_wrong_codes(body, terms), *_wrong_day(body["review_on"], terms, today)]:
        raise InvalidInput("The assessment is not valid.", wrong)


def _wrong_codes(body: Mapping[str, Any], terms: Terms) -> Iterator[FieldError]:
    for number, threat in enumerate(body["threats"]):
        yield from _unknown(f"/threats/{number}/likelihood", threat["likelihood"], terms.likelihood)
        yield from _unknown(f"/threats/{number}/impact", threat["impact"], terms.impact)
    for name in ("vulnerability", "capacity"):
        yield from _unknown(f"/{name}", body[name], terms.level)
    for number, measure in enumerate(body["measures"]):
        if not measure["responsible"].startswith(STAFF):
            yield from _unknown(f"/measures/{number}/responsible", measure["responsible"], terms.responsible)


def _unknown(pointer: str, code: str, known: Mapping[str, Any] | Container[str]) -> Iterator[FieldError]:
    if code not in known:
        yield FieldError(pointer, "unknown_code", f"Must be one of: {', '.join(known)}.")  # type: ignore[arg-type]


def _wrong_day(day: date, terms: Terms, today: date) -> Iterator[FieldError]:
    if day <= today:
        yield FieldError("/review_on", "not_in_the_future", "Must be a day after today.")
    elif day > today + timedelta(days=terms.longest_days):
        yield FieldError("/review_on", "too_late", f"Must be within {terms.longest_days} days.")
