"""Take a report by phone: it is received as any other, from a source id that no outside system can have."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import Response, http, itself
from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.contracts.schemas import report as report_schema
from services.intake.context import Context
from services.intake.reports.reading import draft_of
from services.intake.reports.receive import answer_of, receive_report
from services.intake.reports.responses import show
from services.intake.sources.model import BY_PHONE

_ID_LENGTH = 32


class ReportByPhone(report_schema.Report):
    """A report as an operator writes it down. The place may be unknown: a call can break off before it is asked for.

    `source_event_id` names the call permanently: the same operator who sends it twice makes one report.
    """

    location = fields.Nested(report_schema.Location, metadata=INTERNAL)


class TakenShown(Tolerant):
    """The answer to a report by phone that is stored permanently; `duplicate` is true if the same call was sent before.

    The urgency is the one that triage finds by what was reported by phone. What others have reported may have raised it further,
    which the report of the case shows to those who may read it.
    """

    report_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    duplicate = fields.Boolean(metadata=INTERNAL)
    withdrawn = fields.Boolean(metadata=INTERNAL)
    narrative_cut = fields.Boolean(metadata=INTERNAL)


@http.post(
    "/v1/reports/by-phone",
    roles="operator",
    scope="reports:write",
    audit=itself("report.taken"),
    request=ReportByPhone,
    returns={202: TakenShown},
    summary="Post a report that was taken by phone.",
)
def take_report(ctx: Context, body: dict[str, Any]) -> Response:
    """Receive what an operator has written down. That the operator took it is in the audit trail, and in no event.

    Raises InvalidInput, NotAllowedNow (`conflicting-repeat`).
    """
    draft = draft_of({**body, "source_event_id": _id_of(ctx, body["source_event_id"])})
    receipt = receive_report(ctx, BY_PHONE, draft)
    if not receipt.duplicate:
        ctx.audit("report.taken", subject=receipt.case_ref)
    return Response(202, show(TakenShown, answer_of(ctx, receipt)))


def _id_of(ctx: Context, act: str) -> str:
    """Return the id of a call at intake: another one for every operator, so that none can meet another's report by it."""
    return ctx.unit.keyring.lookup_hash("act", f"{ctx.actor} {act}")[:_ID_LENGTH]
