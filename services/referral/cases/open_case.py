"""A report was accepted: take the case on, and route it if the defender is known."""

from __future__ import annotations

from dataclasses import replace

from ngao.kernel.consent import Statement
from services.referral.cases.facts import Report
from services.referral.matching.route_needs import route_and_keep
from services.referral.ports import Desk


def open_case(desk: Desk, case_ref: str, report: Report, consents: list[Statement]) -> None:
    """Take the report. One that names no need still reaches somebody: it gets the policy's default need."""
    case = desk.known_or_new(case_ref)
    if not report.needs:
        report = replace(report, needs=(desk.policy.default_need,))
    case.learn_report(report, consents, desk.now, desk.deadlines)
    route_and_keep(case, desk)
