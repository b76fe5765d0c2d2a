"""Intake's own metrics."""

from __future__ import annotations

from ngao.chassis.observability.metrics import Metrics


class IntakeMetrics:
    """Intake's own counters and gauges."""

    def __init__(self, metrics: Metrics) -> None:
        self.dry_runs = metrics.counter("ngao_intake_dry_runs", "Dry runs about a person.", "result")
        for result in ("answered", "refused"):  # Prometheus sees no rise in a number that appears as one
            self.dry_runs.labels(result)
        self.quarantine = metrics.gauge("ngao_intake_quarantine", "Bodies that wait in quarantine.")
        self.quarantine_s = metrics.gauge("ngao_intake_quarantine_seconds", "How long the oldest of these waits.")
