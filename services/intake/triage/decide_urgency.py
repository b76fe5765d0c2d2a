"""An operator raises or lowers a report's urgency, for a reason that policy has a code for."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.chassis.errors import NotAllowedNow
from ngao.kernel.actors import Actor
from ngao.kernel.problems import FieldError
from ngao.kernel.urgency import URGENCIES
from services.intake.ports import Desk
from services.intake.reports.follow_referral import report_of
from services.intake.reports.model import Change
from services.intake.reports.submit import refuse


@dataclass(frozen=True)
class Decided:
    """What a case's urgency is now, and what it was."""

    case_ref: str
    urgency: str
    urgency_before: str


def decide_urgency(desk: Desk, case_ref: str, urgency: str, reason: str, actor: Actor) -> Decided:
    """Set the urgency for those who help; what the source is shown stays (law 10).

    Raises NotFound, InvalidInput, NotAllowedNow (`withdrawn`, `forgotten`).
    """
    refuse(_problems(desk, urgency, reason))
    report = report_of(desk, case_ref)
    if report.withdrawn_at or report.forgotten_at:
        slug = "withdrawn" if report.withdrawn_at else "forgotten"
        raise NotAllowedNow("Help is no longer looked for because of this report.", slug=slug)
    before = report.triage.urgency
    if urgency == before:
        return Decided(case_ref, urgency, before)
    report.decide(urgency, reason, desk.rules.triage.decision_reasons[reason])
    desk.reports.put(report)
    desk.announce.updated(report, Change("operator", before))
    detail = {"urgency_before": before, "urgency": urgency, "reason": reason}
    desk.journal("report.urgency_decided", subject=case_ref, actor=actor, detail=detail)
    return Decided(case_ref, urgency, before)


def _problems(desk: Desk, urgency: str, reason: str) -> list[FieldError]:
    known = {"/urgency": (urgency, URGENCIES[::-1]), "/reason": (reason, tuple(desk.rules.triage.decision_reasons))}
    return [
        FieldError(pointer, "unknown_code", f"Must be one of: {', '.join(codes)}.")
        for pointer, (value, codes) in known.items() if value not in codes
    ]  # fmt: skip
