"""Gauges that nobody's work moves: when they are asked for, and what happens when one cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pymongo.errors import AutoReconnect

from ngao.chassis.observability.gauges import Gauges
from ngao.chassis.security.tls import not_after
from ngao.deployment.authority import Authority


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
