"""Later words about a report: more needs, another urgency, or that it is taken back."""

from __future__ import annotations

from ngao.kernel.consent import Statement
from services.referral.cases.facts import NOTHING, Changed, Report
from services.referral.matching.route_needs import route_and_keep
from services.referral.ports import Desk


def learn_update(
    desk: Desk, case_ref: str, report: Report, consents: list[Statement], changed: Changed = NOTHING
) -> None:
    """Take an update, which may have overtaken the report itself; `changed` is what is new in it."""
    case = desk.known_or_new(case_ref)
    case.learn_report(report, consents, desk.now, desk.deadlines, changed=changed)
    route_and_keep(case, desk)


def learn_withdrawal(desk: Desk, case_ref: str, sequence: int = 0) -> None:
    """Recall everything; a withdrawal that overtook its report leaves a closed case for it to find."""
    case = desk.known_or_new(case_ref)
    case.withdraw_report(desk.now, sequence)
    desk.keep(case)
