"""Intake's requests and answers over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from marshmallow import Schema, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.call import Call
from ngao.chassis.http.problems import problem_of
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, PUBLIC, SENSITIVE, Strict, Tolerant
from ngao.contracts.schemas import report as said


class SubjectUpdate(Strict):
    """What a source corrects about the person. Each list of `identity` that is given replaces the one reported before."""

    identity = fields.Nested(said.Identity, metadata=SENSITIVE)
    attributes = fields.Nested(said.Attributes, metadata=SENSITIVE)


class ReportUpdate(Strict):
    """Later facts about a report. `consent`, where it is given, is what holds from now on; an empty list is none.

    `update_id` (or the header Idempotency-Key) names the update for good: the same words under another name are a new update.
    Without a name the content is the name, and what may change back (all but `needs` and `narrative`) is a repeat only of the
    update right before it. `contact_safety`, where it is given, replaces what was reported before as a whole;
    `location` is where the person is now.
    """

    update_id = fields.String(validate=validate.Length(1, 200), metadata=INTERNAL)
    subject = fields.Nested(SubjectUpdate, metadata=SENSITIVE)
    contact_safety = fields.Nested(said.ContactSafety, metadata=SENSITIVE)
    location = fields.Nested(said.Location, metadata=INTERNAL)
    violations = fields.List(fields.Nested(said.Violation), validate=validate.Length(max=20), metadata=INTERNAL)
    needs = fields.List(fields.String(validate=validate.Length(1, 64)), validate=validate.Length(max=20), metadata=INTERNAL)
    consent = fields.List(fields.Nested(said.Consent), validate=validate.Length(max=20), metadata=INTERNAL)
    narrative = fields.String(validate=validate.Length(max=50_000), metadata=SENSITIVE)


class SourceSettings(Strict):
    """What an operator decides about a source; what is left out stays as it is."""

    enabled = fields.Boolean(metadata=INTERNAL)
    profile = fields.String(allow_none=True, metadata=INTERNAL)
    rate_per_second = fields.Float(allow_none=True, validate=validate.Range(min=0.01, max=10_000), metadata=INTERNAL)
    new_key = fields.Boolean(load_default=False, metadata=INTERNAL)
    revoke_old_keys = fields.Boolean(load_default=False, metadata=INTERNAL)


class UrgencyDecision(Strict):
    """An operator's word on how urgent a case is, and why: a code of `decision_reasons` in triage.yaml."""

    urgency = fields.String(required=True, validate=validate.Length(1, 64), metadata=INTERNAL)
    reason = fields.String(required=True, validate=validate.Length(1, 64), metadata=INTERNAL)


class UrgencyShown(Tolerant):
    """What the urgency is now, and what it was."""

    case_ref = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    urgency_before = fields.String(metadata=INTERNAL)


class ReceiptShown(Tolerant):
    """The answer to a report that is stored for good.

    `narrative_cut` is there, and true, if the report has room for no more of an update's narrative than was taken: all that a
    report tells in words is at most 300,000 bytes in 200 parts. Everything else of the update is taken.
    """

    report_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    duplicate = fields.Boolean(metadata=INTERNAL)
    withdrawn = fields.Boolean(metadata=INTERNAL)
    narrative_cut = fields.Boolean(metadata=INTERNAL)
    status_url = fields.String(metadata=INTERNAL)


class LeftOutShown(Tolerant):
    """Something of a native body that could not be read: where, and why; never the value."""

    field = fields.String(metadata=INTERNAL)
    code = fields.String(metadata=INTERNAL)


class InboundShown(ReceiptShown):
    """The answer to a native body: the receipt, what the mapping dropped (names only), and what it could not read.

    `quarantined` is true when it is no report yet: it is kept, sealed, until an operator has seen it, and no help is looked for.
    """

    quarantined = fields.Boolean(metadata=INTERNAL)
    quarantine_id = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    mapping_version = fields.String(metadata=INTERNAL)
    discarded = fields.List(fields.String(), metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)


class ReasonShown(Tolerant):
    """A rule that fired."""

    rule = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


class ForeseenShown(Tolerant):
    """What would become of a report."""

    valid = fields.Boolean(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), metadata=INTERNAL)
    points = fields.Integer(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    needs = fields.List(fields.String(), metadata=INTERNAL)
    needs_suggested = fields.Boolean(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)


class StepShown(Tolerant):
    """One step of the referral; partners are not named."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    what = fields.String(metadata=INTERNAL)
    need = fields.String(allow_none=True, metadata=INTERNAL)


class StatusShown(Tolerant):
    """How a report is doing, for the source that posted it."""

    report_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    source_event_id = fields.String(metadata=INTERNAL)
    status = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    received_at = fields.AwareDateTime(metadata=INTERNAL)
    updated_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    withdrawn_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    needs = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    story = fields.List(fields.Nested(StepShown), metadata=INTERNAL)


class ViolationShown(Tolerant):
    """One violation, in the coalition's codes: what, whether it goes on, against whom, by which kinds of perpetrator.

    `occurred_at` is there if it is not the report's. `counts_from` is the moment that it is judged by instead, if its date is
    doubtful, or if it was reported later without one.
    """

    type = fields.String(metadata=INTERNAL)
    label = fields.String(metadata=INTERNAL)
    ongoing = fields.Boolean(metadata=INTERNAL)
    against = fields.String(metadata=INTERNAL)
    perpetrators = fields.List(fields.String(), metadata=INTERNAL)
    occurred_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    occurred_precision = fields.String(metadata=INTERNAL)
    counts_from = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


class DateDoubtShown(Tolerant):
    """Why the date is not the stated one (missing, future, too_old, device_clock), and which was stated, if it can be read."""

    reason = fields.String(metadata=INTERNAL)
    stated = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


class CaseReportShown(Tolerant):
    """What the report of a case says in codes, for an operator; `forgotten` when its time is over."""

    case_ref = fields.String(metadata=INTERNAL)
    source_id = fields.String(metadata=INTERNAL)
    status = fields.String(metadata=INTERNAL)
    reporter_role = fields.String(metadata=INTERNAL)
    violations = fields.List(fields.Nested(ViolationShown), metadata=INTERNAL)
    needs = fields.List(fields.String(), metadata=INTERNAL)
    needs_proposed = fields.List(fields.String(), metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    languages = fields.List(fields.String(), metadata=INTERNAL)
    occurred_at = fields.AwareDateTime(metadata=INTERNAL)
    occurred_precision = fields.String(metadata=INTERNAL)
    received_at = fields.AwareDateTime(metadata=INTERNAL)
    updated_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    withdrawn_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    points = fields.Integer(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    earlier_reports = fields.Integer(metadata=INTERNAL)
    has_narrative = fields.Boolean(metadata=INTERNAL)
    has_attachments = fields.Boolean(metadata=INTERNAL)
    mapping_version = fields.String(allow_none=True, metadata=INTERNAL)
    discarded = fields.List(fields.String(), metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)
    date_doubt = fields.Nested(DateDoubtShown, allow_none=True, metadata=INTERNAL)
    forgotten = fields.Boolean(metadata=INTERNAL)


class NarrativeShown(Tolerant):
    """What was told in words, and what the attachments are: they stay where they are."""

    case_ref = fields.String(metadata=INTERNAL)
    narrative = fields.String(metadata=SENSITIVE)
    attachments = fields.List(fields.Nested(said.Attachment), metadata=SENSITIVE)


class SourceShown(Tolerant):
    """A source. `key` is there only in the answer that made it, once."""

    source_id = fields.String(metadata=INTERNAL)
    enabled = fields.Boolean(metadata=INTERNAL)
    profile = fields.String(allow_none=True, metadata=INTERNAL)
    rate_per_second = fields.Float(allow_none=True, metadata=INTERNAL)
    keys = fields.Integer(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    key = fields.String(metadata=SENSITIVE)


class SealingKeyShown(Tolerant):
    """What a source seals its reports to, when it posts them over AMQP."""

    key_id = fields.String(metadata=INTERNAL)
    public_key = fields.String(metadata=PUBLIC)


class SourcesShown(Tolerant):
    """All sources."""

    sources = fields.List(fields.Nested(SourceShown), metadata=INTERNAL)


@contextmanager
def pointing(rewrite: Callable[[str], str]) -> Iterator[None]:
    """Let errors point into the body that was sent, where that is not the canonical report itself."""
    try:
        yield
    except InvalidInput as error:
        told = [each.as_dict() for each in error.errors]
        errors = [FieldError(rewrite(each["pointer"]), each["code"], each["detail"]) for each in told]
        raise InvalidInput(str(error), errors, slug=error.slug, status=error.status) from None


def result(index: int, outcome: Mapping[str, Any] | Exception) -> dict[str, Any]:
    """One item's answer in the answer to a batch."""
    if isinstance(outcome, Exception):
        problem = problem_of(outcome)
        return {"index": index, "status": problem.status, "problem": problem.document()}
    return {"index": index, "status": 202, **outcome}


def reason_of(call: Call, known: tuple[str, ...]) -> str:
    """Why somebody reads, a code of policy; raises InvalidInput."""
    reason = call.query.get("reason", "")
    if reason not in known:
        error = FieldError("/reason", "unknown_code", f"Must be one of: {', '.join(known)}.")
        raise InvalidInput("Say why you read it: reason= is a code of policy.", [error])
    return reason


def show(schema: type[Schema], **values: Any) -> dict[str, Any]:
    """An answer by its schema."""
    shown: dict[str, Any] = schema().dump(values)
    return shown
