"""Count, audit and measure a dry run about a person, and refuse it above its limit."""

from __future__ import annotations

import math
from datetime import datetime
from functools import partial

from ngao.chassis.errors import TooManyRequests
from ngao.chassis.observability.logs import get_logger
from ngao.kernel.actors import Actor
from services.intake.context import Context, IntakeParts
from services.intake.dry_runs.model import Asked, DryRunBounds
from services.intake.reports.draft import Person

_log = get_logger("intake")


def admit(parts: IntakeParts, source_id: str, person: Person) -> None:
    """Count one more and leave its trace; raises TooManyRequests (`too-many-dry-runs`).

    Each source has its own bounds, and nothing that another source does moves them.
    """
    now, bounds, results = parts.clock.now(), parts.settings.dry_runs, parts.own_metrics.dry_runs
    asked = parts.dry_runs.add(source_id, now)
    parts.run(partial(audit_dry_run, source_id=source_id, person=person, asked=asked, bounds=bounds))
    try:
        demand_answerable(asked, bounds, now)
    except TooManyRequests:
        results.labels("refused").inc()
        if bounds.is_first_over(asked):
            _log.warning("dry_runs.refused", source_id=source_id, in_hour=asked.in_hour, in_day=asked.in_day)
        raise
    results.labels("answered").inc()


def audit_dry_run(ctx: Context, source_id: str, person: Person, asked: Asked, bounds: DryRunBounds) -> None:
    """Enter who asked, and about how many identifiers, never about which. Of those that are refused the first is entered."""
    answered = bounds.wait(asked, ctx.now) is None
    if answered or bounds.is_first_over(asked):
        action = "report.validated" if answered else "report.validation_refused"
        detail = {"identifiers": str(_identifiers(person)), "in_hour": str(asked.in_hour), "in_day": str(asked.in_day)}
        ctx.audit(action, subject=source_id, actor=Actor.source(source_id), detail=detail)


def demand_answerable(asked: Asked, bounds: DryRunBounds, now: datetime) -> None:
    """Raise TooManyRequests (`too-many-dry-runs`) when the source has asked about people too often."""
    wait = bounds.wait(asked, now)
    if wait is not None:
        message = "Too many dry runs about people. Post the reports, or validate them without `subject`."
        raise TooManyRequests(message, math.ceil(wait.total_seconds()), slug="too-many-dry-runs")


def _identifiers(person: Person) -> int:
    listed = (value for value in (person.identity or {}).values() if value)
    return sum(len(value) if isinstance(value, list | tuple) else 1 for value in listed) + bool(person.defender_ref)
