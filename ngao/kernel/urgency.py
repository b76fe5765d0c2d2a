"""How urgent a report and its case are."""

from __future__ import annotations

URGENCIES = ("critical", "high", "medium", "low")
"""The most urgent first."""
CRITICAL, LOW = URGENCIES[0], URGENCIES[-1]


def rank(urgency: str) -> int:
    """Return 0 for critical and up. An unknown urgency counts as critical, because late is worse than early."""
    return URGENCIES.index(urgency) if urgency in URGENCIES else 0
