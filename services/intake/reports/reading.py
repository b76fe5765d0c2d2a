"""Parse canonical reports and updates into the form in which intake works with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError, field_errors
from ngao.contracts.quick import load
from ngao.contracts.schemas.report import Report as ReportSchema
from ngao.kernel.consent import Statement
from ngao.kernel.records import from_record
from ngao.kernel.vocabulary import Vocabulary
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Update
from services.intake.reports.vocabulary import code_problems

_REPORT = ReportSchema()
_MOST_CODES = 20


def read_report(document: Any, vocabulary: Vocabulary) -> Draft:
    """Return a canonical report, parsed and checked by its schema. Raises InvalidInput naming every invalid field.

    An invalid report is checked against the lists as well, so that its sender learns of all errors together.
    """
    try:
        return draft_of(load(_REPORT, document))
    except ValidationError as error:
        broken = _all_broken(document, vocabulary, error)
        raise InvalidInput("The report is invalid; `errors` names every field.", broken) from None


def examined(document: Any, vocabulary: Vocabulary, optional: tuple[str, ...] = ()) -> tuple[Draft | None, list[FieldError]]:
    """Return a document as a report if it fits the schema, and all its errors against schema and lists."""
    try:
        return draft_of(_REPORT.load(document, partial=optional)), _unknown_codes(document, vocabulary)
    except ValidationError as error:
        return None, _all_broken(document, vocabulary, error)


def _all_broken(document: Any, vocabulary: Vocabulary, error: ValidationError) -> list[FieldError]:
    broken = field_errors(error.messages)
    named = {each.pointer for each in broken}
    also = [other for other in _unknown_codes(document, vocabulary) if other.pointer not in named]
    return sorted([*broken, *also], key=lambda each: each.pointer)


def _unknown_codes(document: Any, vocabulary: Vocabulary) -> list[FieldError]:
    """Return the unknown codes of a document whose form is not to be trusted."""
    if not isinstance(document, dict):
        return []
    location = document.get("location")
    place = Place(**{name: _text(location, name) for name in ("scheme", "code")}, precision="") if location else None
    known = place if place is not None and place.scheme and place.code else None
    violations = [_violation_in(violation) for violation in _listed(document, "violations")]
    needs, languages = ([str(item) for item in _listed(document, name)] for name in ("needs", "languages"))
    return code_problems(violations, needs, languages, known, vocabulary)


def _violation_in(document: Any) -> Violation:
    listed = _listed(document, "perpetrators") if isinstance(document, dict) else []
    involvements = tuple(_text(item, "involvement") or None for item in listed)
    return Violation(_text(document, "type"), False, "", tuple(_text(item, "type") for item in listed), involvements)  # noqa: FBT003


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    return value[:_MOST_CODES] if isinstance(value, list) else []


def draft_of(data: Mapping[str, Any]) -> Draft:
    """Return a draft of a loaded report; one read through a profile may have no place."""
    location = data.get("location")
    return Draft(
        source_event_id=data["source_event_id"],
        occurred_at=data["occurred_at"],
        occurred_precision=data["occurred_precision"],
        reporter_role=data["reporter"]["role"],
        violations=tuple(violation_of(violation) for violation in data["violations"]),
        place=Place(**location) if location else None,
        person=_person_of(data),
        languages=tuple(dict.fromkeys(data["languages"])),
        needs=tuple(data["needs"]),
        consents=tuple(consent_of(consent) for consent in data["consent"]),
        narrative=data.get("narrative"),
        attachments=tuple(data["attachments"]),
    )


def update_of(data: Mapping[str, Any]) -> Update:
    """Return the update that the schema has loaded; what is absent changes nothing."""
    consents, place, person = data.get("consent"), data.get("location"), _person_of(data)
    return Update(
        violations=tuple(violation_of(violation) for violation in data.get("violations") or ()) or None,
        needs=tuple(data.get("needs") or ()) or None,
        consents=None if consents is None else tuple(consent_of(consent) for consent in consents),
        narrative=data.get("narrative") or None,
        person=person if person.needs_sealing else None,
        place=Place(**place) if place else None,
        key=data.get("update_id") or "",
    )


def _person_of(data: Mapping[str, Any]) -> Person:
    return from_record(Person, data.get("subject") or {}, contact_safety=data.get("contact_safety"))


def violation_of(data: Mapping[str, Any]) -> Violation:
    """Return a loaded violation."""
    perpetrators, occurred_at = data["perpetrators"], data.get("occurred_at")
    return Violation(
        data["type"],
        data.get("ongoing"),
        data["against"],
        tuple(perpetrator["type"] for perpetrator in perpetrators),
        tuple(perpetrator.get("involvement") for perpetrator in perpetrators),
        _as_stored(occurred_at) if occurred_at else None,
        data.get("occurred_precision", "exact") if occurred_at else "",
    )


def consent_of(data: Mapping[str, Any]) -> Statement:
    """Return a loaded consent."""
    until = data.get("until")
    return Statement(data["purpose"], tuple(data["scope"]), data.get("recipient"), _as_stored(until) if until else None)


def _as_stored(moment: datetime) -> datetime:
    """Cut to milliseconds, so that a repeat is seen as one."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
