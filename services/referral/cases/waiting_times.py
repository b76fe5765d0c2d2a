"""Measure how long people wait: from the report to the first offer of each need, and to each acceptance, by urgency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from ngao.chassis.observability.metrics import Metrics
from ngao.kernel.urgency import URGENCIES
from services.referral.cases.changes import CaseChange, Kind
from services.referral.cases.model import Case

_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)


class WaitingTimes:
    """The two distributions of one process."""

    def __init__(self, metrics: Metrics) -> None:
        self._first_offer = metrics.histogram(
            "ngao_referral_first_offer_seconds", "From the report to the first offer of a need.", "urgency", buckets=_BUCKETS
        )
        self._acceptance = metrics.histogram(
            "ngao_referral_acceptance_seconds", "From the report to a partner's acceptance.", "urgency", buckets=_BUCKETS
        )

        for urgency in URGENCIES:  # so that a zero is exported as zero, not as a gap
            self._first_offer.labels(urgency)
            self._acceptance.labels(urgency)

    def noting(self, case: Case, change: CaseChange, now: datetime) -> Callable[[], None] | None:
        """Return the action that records this change after its commit, or None when it ends no wait."""
        if case.report is None or case.report.received_at is None or change.offer is None:
            return None
        if change.kind is Kind.ACCEPTED:
            kept = self._acceptance
        elif change.kind is Kind.OFFERED and change.offer.attempt == 1:
            kept = self._first_offer
        else:
            return None
        return partial(kept.labels(URGENCIES[case.priority]).observe, (now - case.report.received_at).total_seconds())
