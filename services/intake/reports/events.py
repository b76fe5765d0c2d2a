"""Domain to contract events and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from marshmallow import ValidationError

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import InvalidInput
from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.messaging.kept import Kept
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, FieldError, field_errors, make
from ngao.contracts.schemas.report import Report as ReportSchema
from ngao.kernel.consent import Statement
from ngao.kernel.urgency import rank
from ngao.kernel.vocabulary import Vocabulary
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Change, Helper, Report, SealedIdentity, Update
from services.intake.reports.progress import Step, case_salt_of
from services.intake.reports.vocabulary import code_problems

SUBMITTED = "intake.report.submitted.v1"
NARRATIVE_DISCLOSED = "intake.narrative.disclosed.v1"

_REPORT = ReportSchema()
_MOST_CODES = 20


def read_report(document: Any, vocabulary: Vocabulary) -> Draft:
    """A canonical report, parsed and checked by its schema; raises InvalidInput naming every broken field.

    A report that breaks its schema is held against the lists as well, so that its sender learns everything at once.
    """
    try:
        return draft_of(_REPORT.load(document))
    except ValidationError as error:
        broken = _all_broken(document, vocabulary, error)
        raise InvalidInput("The report breaks its schema; `errors` names every field.", broken) from None


def examined(document: Any, vocabulary: Vocabulary, optional: tuple[str, ...] = ()) -> tuple[Draft | None, list[FieldError]]:
    """A document as a report if its schema takes it, and everything in it that schema or lists do not take."""
    try:
        return draft_of(_REPORT.load(document, partial=optional)), _unknown_codes(document, vocabulary)
    except ValidationError as error:
        return None, _all_broken(document, vocabulary, error)


def _all_broken(document: Any, vocabulary: Vocabulary, error: ValidationError) -> list[FieldError]:
    broken = field_errors(error.messages)
    named = {each.pointer for each in broken}
    also = [each for each in _unknown_codes(document, vocabulary) if each.pointer not in named]
    return sorted([*broken, *also], key=lambda each: each.pointer)


def _unknown_codes(document: Any, vocabulary: Vocabulary) -> list[FieldError]:
    """What can be said about the codes of a document whose form is not to be trusted."""
    if not isinstance(document, dict):
        return []
    location = document.get("location")
    place = Place(**{name: _text(location, name) for name in ("scheme", "code")}, precision="") if location else None
    known = place if place is not None and place.scheme and place.code else None
    violations = [_violation_in(each) for each in _listed(document, "violations")]
    needs, languages = ([str(each) for each in _listed(document, name)] for name in ("needs", "languages"))
    found = code_problems(violations, needs, languages, known, vocabulary)
    return [FieldError(each.pointer, each.code, each.detail) for each in found]


def _violation_in(document: Any) -> Violation:
    listed = _listed(document, "perpetrators") if isinstance(document, dict) else []
    involvements = tuple(_text(each, "involvement") or None for each in listed)
    return Violation(_text(document, "type"), False, "", tuple(_text(each, "type") for each in listed), involvements)  # noqa: FBT003


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    return value[:_MOST_CODES] if isinstance(value, list) else []


def draft_of(data: Mapping[str, Any]) -> Draft:
    """A draft of what the schema has loaded; one read through a profile may have no place."""
    subject, location = data["subject"], data.get("location")
    person = Person(
        subject.get("identity"), subject.get("attributes") or {}, data.get("contact_safety"), subject.get("defender_ref")
    )
    return Draft(
        source_event_id=data["source_event_id"],
        occurred_at=data["occurred_at"],
        occurred_precision=data["occurred_precision"],
        reporter_role=data["reporter"]["role"],
        violations=tuple(violation_of(each) for each in data["violations"]),
        place=Place(location["scheme"], location["code"], location["precision"]) if location else None,
        person=person,
        languages=tuple(dict.fromkeys(data["languages"])),
        needs=tuple(data["needs"]),
        consents=tuple(consent_of(each) for each in data["consent"]),
        narrative=data.get("narrative"),
        attachments=tuple(data["attachments"]),
    )


def update_of(data: Mapping[str, Any]) -> Update:
    """Later facts of what the schema has loaded; what is absent says nothing."""
    consents, place, subject = data.get("consent"), data.get("location"), data.get("subject") or {}
    person = Person(subject.get("identity"), subject.get("attributes") or {}, data.get("contact_safety"))
    return Update(
        violations=tuple(violation_of(each) for each in data.get("violations") or ()) or None,
        needs=tuple(data.get("needs") or ()) or None,
        consents=None if consents is None else tuple(consent_of(each) for each in consents),
        narrative=data.get("narrative") or None,
        person=person if person.needs_sealing else None,
        place=Place(place["scheme"], place["code"], place["precision"]) if place else None,
        key=data.get("update_id") or "",
    )


def violation_of(data: Mapping[str, Any]) -> Violation:
    """A violation of what the schema has loaded."""
    perpetrators, occurred_at = data["perpetrators"], data.get("occurred_at")
    return Violation(
        data["type"],
        data.get("ongoing"),
        data["against"],
        tuple(each["type"] for each in perpetrators),
        tuple(each.get("involvement") for each in perpetrators),
        _as_stored(occurred_at) if occurred_at else None,
        data.get("occurred_precision", "exact") if occurred_at else "",
    )


def consent_of(data: Mapping[str, Any]) -> Statement:
    """A consent of what the schema has loaded."""
    until = data.get("until")
    return Statement(data["purpose"], tuple(data["scope"]), data.get("recipient"), _as_stored(until) if until else None)


def _as_stored(moment: datetime) -> datetime:
    """Cut to milliseconds, so that a repeat is seen as one."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def change_of(event: Event) -> Statement:
    """What `registry.consent.changed` says."""
    said = event.data
    scope, at = tuple(said["scope"]), said["effective_at"]
    return Statement(said["purpose"], scope, said["recipient"], said["until"], at, said["granted"])


def step_of(event: Event) -> Step:
    """A step of the story, of any referral event."""
    what = event.type.rsplit(".", 1)[0]
    named = {name: event.data.get(name) for name in ("need", "offer_id", "case_salt")}
    return Step(what, event.time, event.sequence or 0, **named, needs_again=tuple(event.data.get("needs_again", ())))


def helper_of(event: Event) -> Helper:
    """The partner that `referral.accepted` names."""
    data = event.data
    return Helper(data["offer_id"], data["partner_id"], data["vouch"], data["signature"])


def receipt_event(source_id: str, receipt: Mapping[str, Any], traceparent: str | None) -> Event:
    """The answer to a source that posted over AMQP."""
    event = make("intake.report.receipt.v1", subject=receipt["case_ref"], data=receipt, traceparent=traceparent)
    return replace(event, extra={"sourceid": source_id})


def rejected_event(source_id: str, event_id: str | None, reason: str, errors: list[dict[str, str]]) -> Event:
    """The answer to a source whose report cannot be taken."""
    data = {"event_id": event_id, "reason": reason, "errors": errors}
    event = make("intake.report.rejected.v1", subject=source_id, data=data)
    return replace(event, extra={"sourceid": source_id})


class UnitAnnouncer:
    """Says what happened in the unit that makes it so."""

    def __init__(self, unit: Unit, kept: Kept) -> None:
        self._unit, self._kept = unit, kept

    def accepted(self, report: Report) -> None:
        """A report is stored for good."""
        data = _judged(report) | {
            "source_id": report.source_id,
            "received_at": report.received_at,
            "occurred_at": day_of(report.occurred_at),
            "county": report.county,
            "languages": report.languages,
            "defender_ref": report.defender_ref,
            "sealed_identity": _box(report.sealed_identity),
        }
        self._say("intake.report.accepted.v1", report, data)

    def updated(self, report: Report, change: Change) -> None:
        """The report is not what it was."""
        risen = rank(report.triage.urgency) < rank(change.urgency_before)
        data = _judged(report) | {
            "news": change.news,
            "urgency_before": change.urgency_before,
            "risen": risen,
            "raised_by": change.by if risen else None,
            "needs_again": change.needs_again,
            "county": report.county,
            "sealed_identity": _box(change.correction),
        }
        self._say("intake.report.updated.v1", report, data)

    def withdrawn(self, report: Report) -> None:
        """The source took it back."""
        self._say("intake.report.withdrawn.v1", report, {"report_id": report.id, "case_ref": report.case_ref})

    def again(self, report: Report) -> None:
        """What was said about it is said once more."""
        for to in (EVENTS, NOTICES):
            self._unit.afterwards.append(partial(self._kept.tell_again, report.case_ref, report.received_at, to=to))

    def disclosed(self, report: Report, helper: Helper, key_id: str, box: str) -> None:
        """The narrative, sealed to one partner."""
        self._tell(NARRATIVE_DISCLOSED, report, helper, {"key_id": key_id, "box": box})

    def withheld(self, report: Report, helper: Helper, reason: str, *, recalled: bool = False) -> None:
        """The narrative does not go to this partner, and why; `recalled` forbids it to use what it has."""
        self._tell("intake.narrative.withheld.v1", report, helper, {"reason": reason, "recalled": recalled})

    def _say(self, name: str, report: Report, data: Mapping[str, Any]) -> None:
        event = make(
            name,
            subject=report.case_ref,
            data=data,
            urgent=report.is_critical,
            traceparent=self._unit.traceparent,
            time=self._unit.now,
        )
        self._unit.emit(event)

    def _tell(self, name: str, report: Report, helper: Helper, more: Mapping[str, Any]) -> None:
        named = {
            "case_ref": report.case_ref, "offer_id": helper.offer_id, "partner_id": helper.partner_id,
            "case_salt": case_salt_of(report.story, helper.offer_id),
        }  # fmt: skip
        event = make(
            name,
            subject=report.case_ref,
            data=named | dict(more),
            urgent=report.is_critical,
            partner_id=helper.partner_id,
            traceparent=self._unit.traceparent,
            time=self._unit.now,
        )
        self._unit.emit(event, to=PARTNERS)
        self._unit.emit(event)  # referral keeps it for the partner's catch-up, and knows that the acceptance has its answer


def _judged(report: Report) -> dict[str, Any]:
    """What both events hold: nothing of what happened, who did it and why it is urgent, because no reader needs it (ADR 0026).

    The consents are those the source states, whole; of withdrawals others hear from the registry.
    Were they told without what is withdrawn, the rest would look like a new consent, younger than a withdrawal that has not
    reached intake yet.
    """
    triage = report.triage
    return {
        "report_id": report.id,
        "case_ref": report.case_ref,
        "urgency": triage.urgency,
        "policy_version": triage.policy_version,
        "needs": report.needs,
        "needs_proposed": report.needs_proposed,
        "consent": [_consent(each) for each in report.consents],
        "has_narrative": bool(report.narrative_parts),
    }


def _box(sealed: SealedIdentity | None) -> dict[str, str] | None:
    return {"key_id": sealed.key_id, "box": sealed.box} if sealed else None


def day_of(moment: datetime) -> datetime:
    """The day: no reader of events needs to know more of when it happened."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _consent(consent: Statement) -> dict[str, Any]:
    return {"purpose": consent.purpose, "scope": consent.scope, "recipient": consent.recipient, "until": consent.until}
