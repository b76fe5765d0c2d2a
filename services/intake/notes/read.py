"""Read the notes about a case: with a reason, audited."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, itself
from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from ngao.kernel.scopes import HUB
from services.intake.context import Context
from services.intake.reports.finding import report_in_reach
from services.intake.reports.responses import show


class NoteShown(Tolerant):
    """One note; `corrects` is the number of an earlier one."""

    number = fields.Integer(metadata=INTERNAL)
    author = fields.String(metadata=INTERNAL)
    at = fields.AwareDateTime(metadata=INTERNAL)
    text = fields.String(metadata=SENSITIVE)
    corrects = fields.Integer(allow_none=True, metadata=INTERNAL)


class NotesShown(Tolerant):
    """All notes of a case, the newest last; none and `forgotten` after its retention period."""

    case_ref = fields.String(metadata=INTERNAL)
    notes = fields.List(fields.Nested(NoteShown), metadata=INTERNAL)
    forgotten = fields.Boolean(metadata=INTERNAL)


@http.get(
    "/v1/cases/<case_ref>/notes",
    roles="operator",
    scope="notes:read",
    audit=itself("note.read"),
    returns=NotesShown,
    bounded=(HUB,),
    summary="Read the notes about a case; ?reason= is required.",
)
def read_notes(ctx: Context, case_ref: str, *, reason: str = "") -> dict[str, Any]:
    """Show an operator the notes about a case, in the order in which they were written; none once they are erased.

    Raises NotFound, InvalidInput for an unknown reason.
    """
    ctx.policy.check_read_reason(reason)
    report = report_in_reach(ctx, case_ref)
    notes = [] if report.erased_at else ctx.notes.of_case(case_ref)
    ctx.audit("note.read", subject=case_ref, detail={"reason": reason, "notes": str(len(notes))})
    return show(NotesShown, {"case_ref": case_ref, "notes": notes, "forgotten": report.erased_at is not None})
