"""How long people wait is measured where their wait ends, once that is stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ngao.chassis.observability.metrics import Metrics
from services.referral.cases.changes import CaseChange, Kind
from services.referral.cases.facts import Report
from services.referral.cases.model import Case
from services.referral.cases.waiting_times import WaitingTimes
from services.referral.offers.model import Offer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 12, 0, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "attempt", "series"),
    [
        (Kind.OFFERED, 1, "first_offer_seconds_sum"),
        (Kind.ACCEPTED, 3, "acceptance_seconds_sum"),
        (Kind.OFFERED, 2, None),
        (Kind.DECLINED, 1, None),
    ],
)
def test_only_a_first_offer_and_a_yes_end_a_wait_of_the_person(kind: Kind, attempt: int, series: str | None) -> None:
    metrics = Metrics()
    report = Report("r1", "high", ("legal_aid",), 1, received_at=NOON)
    case = Case("c1", created_at=NOON, waiting_until=None, report=report)
    offer = Offer("o1", "legal_aid", "p1", attempt, LATER, None, "1")
    note = WaitingTimes(metrics).noting(case, CaseChange(kind, offer, "legal_aid"), LATER)
    assert (note is None) == (series is None)
    if note and series:
        assert f'ngao_referral_{series}{{urgency="high"}} 0.0' in metrics.render().decode()
        note()
        assert f'ngao_referral_{series}{{urgency="high"}} 40.0' in metrics.render().decode()
