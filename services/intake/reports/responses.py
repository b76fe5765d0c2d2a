"""Responses about reports."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.contracts.classes import INTERNAL, Tolerant
from services.intake.reports.model import Report


class ReceiptShown(Tolerant):
    """The answer to a report that is stored permanently.

    `narrative_cut` is there, and true, if the report has room for no more of an update's narrative than was taken: all that a
    report's narrative is at most 300,000 bytes in 200 parts. Everything else of the update is accepted.
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


class ReasonShown(Tolerant):
    """A rule that fired."""

    rule = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


class StepShown(Tolerant):
    """One step of the referral; partners are not named."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    what = fields.String(attribute="word", metadata=INTERNAL)
    need = fields.String(allow_none=True, metadata=INTERNAL)


class StatusShown(Tolerant):
    """How a report is doing, for the source that posted it."""

    report_id = fields.String(attribute="id", metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    source_event_id = fields.String(metadata=INTERNAL)
    status = fields.String(metadata=INTERNAL)
    urgency = fields.String(attribute="triage_for_source.urgency", metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), attribute="triage_for_source.reasons", metadata=INTERNAL)
    policy_version = fields.String(attribute="triage_for_source.policy_version", metadata=INTERNAL)
    received_at = fields.AwareDateTime(metadata=INTERNAL)
    updated_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    withdrawn_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    needs = fields.Dict(keys=fields.String(), values=fields.String(), attribute="progress", metadata=INTERNAL)
    story = fields.List(fields.Nested(StepShown), attribute="turns", metadata=INTERNAL)


def status_answer(report: Report) -> dict[str, Any]:
    """Return the progress of a report: codes and times, no partner, nothing about who."""
    return show(StatusShown, report)


def show(schema: type[Schema], found: object) -> dict[str, Any]:
    """Return what a schema shows of an object or a mapping: the fields that it declares and no others."""
    shown: dict[str, Any] = schema().dump(found)
    return shown
