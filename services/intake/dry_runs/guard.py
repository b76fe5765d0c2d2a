"""Dry runs about somebody, on their way in: counted, audited, measured, and refused above their bound."""

from __future__ import annotations

from collections.abc import Callable

from ngao.chassis.errors import TooManyRequests
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from services.intake.dry_runs.count import audit_dry_run, demand_answerable
from services.intake.dry_runs.model import DryRunBounds
from services.intake.ports import Desk, DryRuns
from services.intake.reports.draft import Person

_log = get_logger("intake")


class DryRunGuard:
    """Each source has its own bounds, and nothing that another source does moves them."""

    def __init__(
        self, units: Units, desk: Callable[[Unit], Desk], counted: DryRuns, bounds: DryRunBounds, metrics: Metrics
    ) -> None:
        self._units, self._desk, self._counted, self._bounds = units, desk, counted, bounds
        self._results = metrics.counter("ngao_intake_dry_runs", "Dry runs about somebody.", "result")
        for result in ("answered", "refused"):  # Prometheus sees no rise in a number that appears as one
            self._results.labels(result)

    def admit(self, source_id: str, person: Person) -> None:
        """Count one more and leave its trace; raises TooManyRequests (`too-many-dry-runs`)."""
        now = self._units.read().now
        asked = self._counted.add(source_id, now)
        self._units.run(lambda unit: audit_dry_run(self._desk(unit), source_id, person, asked, self._bounds))
        try:
            demand_answerable(asked, self._bounds, now)
        except TooManyRequests:
            self._results.labels("refused").inc()
            if self._bounds.is_first_over(asked):
                _log.warning("dry_runs.refused", source_id=source_id, in_hour=asked.in_hour, in_day=asked.in_day)
            raise
        self._results.labels("answered").inc()
