"""Add later facts to a report that was taken by phone: the call broke off, or there was no time to ask for the rest."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import Call, Response, http, itself
from services.intake.by_phone.take import TakenShown
from services.intake.context import Context
from services.intake.reports.reading import update_of
from services.intake.reports.receive import answer_of
from services.intake.reports.responses import show
from services.intake.reports.update import ReportUpdate, update_report
from services.intake.sources.model import BY_PHONE


@http.post(
    "/v1/reports/by-phone/<report_id>/updates",
    roles="operator",
    scope="reports:write",
    audit=itself("report.added_to"),
    request=ReportUpdate,
    returns={202: TakenShown},
    summary="Add later facts to a report that was taken by phone.",
)
def add_to_report(ctx: Context, report_id: str, body: dict[str, Any], call: Call) -> Response:
    """Add later facts; the header Idempotency-Key names an update that bears no name itself.

    Only to a report by phone: one of an outside source is that source's own. Raises NotFound, InvalidInput, NotAllowedNow
    (`withdrawn`, `forgotten`, `conflicting-repeat`).
    """
    receipt = update_report(ctx, BY_PHONE, report_id, update_of({"update_id": call.idempotency_key, **body}))
    if not receipt.duplicate:
        ctx.audit("report.added_to", subject=receipt.case_ref)
    return Response(202, show(TakenShown, answer_of(ctx, receipt)))
