"""Gauges that nobody's work moves: when they are asked for, and what happens when one cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pymongo.errors import AutoReconnect

from ngao.chassis.observability.gauges import Gauges
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.tls import not_after
from ngao.deployment.authority import Authority
from services.referral.cases.facts import Report
from services.referral.cases.model import Case
from services.referral.cases.news import Kind, News
from services.referral.cases.waiting_times import WaitingTimes
from services.referral.offers.model import Offer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 12, 0, 40, tzinfo=UTC)


@dataclass
class Asked:
    """Counts how often each measurement was taken, on a clock of its own."""

    now: float = 0.0
    taken: list[str] = field(default_factory=list)
    raising: dict[str, Exception] = field(default_factory=dict)

    def gauges(self, **every: float) -> Gauges:
        gauges = Gauges(lambda: self.now)
        for name, seconds in every.items():
            gauges.every(seconds, lambda name=name: self._take(name))  # type: ignore[misc]
        return gauges

    def _take(self, name: str) -> None:
        self.taken.append(name)
        if name in self.raising:
            raise self.raising[name]


def test_each_is_asked_for_at_once_and_then_at_its_own_interval() -> None:
    asked = Asked()
    gauges = asked.gauges(often=5, seldom=60)
    for now in (0, 5, 10, 60):
        asked.now = now
        assert gauges.turn()
    assert asked.taken == ["often", "seldom", "often", "often", "often", "seldom"]


def test_a_store_that_does_not_answer_ends_the_turn_and_is_asked_again_at_the_next() -> None:
    asked = Asked(raising={"store": AutoReconnect()})
    gauges = asked.gauges(store=60, after=5)
    assert not gauges.turn()
    assert asked.taken == ["store"]
    asked.raising.clear()
    assert gauges.turn()
    assert asked.taken == ["store", "store", "after"]


def test_a_measurement_that_breaks_does_not_keep_the_others() -> None:
    asked = Asked(raising={"broken": ValueError("Wanjiku Marker")})
    assert not asked.gauges(broken=5, after=5).turn()
    assert asked.taken == ["broken", "after"]


def test_a_certificate_tells_when_it_runs_out(tmp_path: Path) -> None:
    one, other = (Authority.new().certificate for _ in range(2))
    (tmp_path / "two.pem").write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in (one, other)))
    assert not_after(tmp_path / "two.pem") == min(one.not_valid_after_utc, other.not_valid_after_utc).timestamp()
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(ValueError, match="PEM"):
        not_after(tmp_path / "none.pem")
    with pytest.raises(OSError, match="No such file"):
        not_after(tmp_path / "gone.pem")


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
    note = WaitingTimes(metrics).noting(case, News(kind, offer, "legal_aid"), LATER)
    assert (note is None) == (series is None)
    if note and series:
        assert f'ngao_referral_{series}{{urgency="high"}} 0.0' in metrics.render().decode()
        note()
        assert f'ngao_referral_{series}{{urgency="high"}} 40.0' in metrics.render().decode()
