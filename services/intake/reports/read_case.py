"""An operator reads what a case is about: with a reason, audited; the narrative and the attachments by a right of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ngao.kernel.actors import Actor
from services.intake.ports import Desk, joined
from services.intake.reports.follow_referral import report_of
from services.intake.reports.model import Report


@dataclass(frozen=True)
class Reader:
    """Which operator reads, and why: a code of policy."""

    actor: Actor
    reason: str


@dataclass(frozen=True)
class Told:
    """What the person's words are; empty once they are forgotten."""

    narrative: str = field(default="", repr=False)
    attachments: tuple[dict[str, Any], ...] = field(default=(), repr=False)


def show_case(desk: Desk, case_ref: str, reader: Reader) -> Report:
    """The report that opened a case, in codes. Raises NotFound."""
    report = report_of(desk, case_ref)
    desk.journal("report.read", subject=case_ref, actor=reader.actor, detail={"reason": reader.reason})
    return report


def show_narrative(desk: Desk, case_ref: str, reader: Reader) -> Told:
    """What was told in words, and what the attachments are. Raises NotFound."""
    report = report_of(desk, case_ref)
    desk.journal("narrative.read", subject=case_ref, actor=reader.actor, detail={"reason": reader.reason})
    parts = (desk.vault.open(report, f"narrative.{at}", part) for at, part in enumerate(report.narrative_parts))
    attachments = desk.vault.open(report, "attachments", report.attachments) if report.attachments else b"[]"
    return Told(joined(parts), tuple(json.loads(attachments)))
