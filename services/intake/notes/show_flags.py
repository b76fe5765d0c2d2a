"""Show the flags of a case, without its notes."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, itself
from ngao.kernel.scopes import HUB
from services.intake.context import Context
from services.intake.notes.filing import file_of
from services.intake.notes.responses import FlagsShown, flags_answer
from services.intake.reports.finding import report_in_reach


@http.get(
    "/v1/cases/<case_ref>/flags",
    roles="operator",
    scope="reports:read",
    audit=itself("flag.read"),
    returns=FlagsShown,
    bounded=(HUB,),
    summary="The flags of a case, and how many notes there are; ?reason= is required.",
)
def show_flags(ctx: Context, case_ref: str, *, reason: str = "") -> dict[str, Any]:
    """Show an operator the flags: codes, as the report of the case in codes. Raises NotFound, InvalidInput."""
    ctx.policy.check_read_reason(reason)
    report = report_in_reach(ctx, case_ref)
    ctx.audit("flag.read", subject=case_ref, detail={"reason": reason})
    return flags_answer(ctx, file_of(ctx, case_ref), forgotten=report.erased_at is not None)
