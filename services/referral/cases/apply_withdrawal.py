"""Handle the withdrawal of a report by its source."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.intake import ReportWithdrawn
from services.referral.cases.announcing import store_case
from services.referral.cases.applying import withdraw_report
from services.referral.cases.finding import known_or_new
from services.referral.context import Context


@on(ReportWithdrawn)
def apply_withdrawal(ctx: Context, event: ReportWithdrawn, envelope: Event) -> None:
    """Recall everything. A withdrawal that arrives before its report leaves a closed case for it to find."""
    case = known_or_new(ctx, event.case_ref)
    withdraw_report(case, ctx.now, envelope.sequence or 0)
    store_case(ctx, case)
