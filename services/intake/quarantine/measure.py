"""Measure how much is in quarantine, and for how long."""

from __future__ import annotations

from ngao.chassis.handlers import measures
from ngao.chassis.measuring import OFTEN_S
from services.intake.context import IntakeParts


@measures(seconds=OFTEN_S)
def measure_quarantine(parts: IntakeParts) -> None:
    """Measure how many bodies wait, and how long the oldest does."""
    ctx = parts.read()
    oldest = ctx.shelf.oldest()
    parts.own_metrics.quarantine.set(ctx.shelf.count())
    parts.own_metrics.quarantine_s.set((ctx.now - oldest).total_seconds() if oldest else 0.0)
