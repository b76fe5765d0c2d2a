"""A dry run about somebody leaves a trace and is bounded, whatever it is answered."""

from __future__ import annotations

import math
from datetime import datetime

from ngao.chassis.errors import TooManyRequests
from ngao.kernel.actors import Actor
from services.intake.dry_runs.model import Asked, DryRunBounds
from services.intake.ports import Desk
from services.intake.reports.draft import Person


def audit_dry_run(desk: Desk, source_id: str, person: Person, asked: Asked, bounds: DryRunBounds) -> None:
    """Enter who asked, and about how many identifiers, never about which. Of those that are refused the first is entered."""
    answered = bounds.wait(asked, desk.now) is None
    if answered or bounds.is_first_over(asked):
        action = "report.validated" if answered else "report.validation_refused"
        detail = {"identifiers": str(_identifiers(person)), "in_hour": str(asked.in_hour), "in_day": str(asked.in_day)}
        desk.journal(action, subject=source_id, actor=Actor.source(source_id), detail=detail)


def demand_answerable(asked: Asked, bounds: DryRunBounds, now: datetime) -> None:
    """Raise TooManyRequests (`too-many-dry-runs`) when the source has asked about people too often."""
    wait = bounds.wait(asked, now)
    if wait is not None:
        message = "Too many dry runs about people. Post the reports, or validate them without `subject`."
        raise TooManyRequests(message, math.ceil(wait.total_seconds()), slug="too-many-dry-runs")


def _identifiers(person: Person) -> int:
    listed = (value for value in (person.identity or {}).values() if value)
    return sum(len(value) if isinstance(value, list | tuple) else 1 for value in listed) + bool(person.defender_ref)
