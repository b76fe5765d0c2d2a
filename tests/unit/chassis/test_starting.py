"""Waiting at a start: told once, bounded, and never for what waiting cannot mend."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.messaging.preflight import require_version
from ngao.chassis.starting import Patience, system_reason


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.shown: list[str] = []

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def patience(self, within_s: float) -> Patience:
        return Patience(within_s, show=self.shown.append, monotonic=lambda: self.now, pause=self.pause)


def up_after(time: Time, moment: float) -> Callable[[], str]:
    def demand() -> str:
        if time.now < moment:
            raise Unavailable(f"{time.now:.0f} s are not enough.")
        return "up"

    return demand


def test_what_comes_up_in_time_is_waited_for_and_told_once() -> None:
    time = Time()
    assert time.patience(60).until(up_after(time, 30)) == "up"
    assert time.shown == ["Waiting, at most 60 s in all: 0 s are not enough."]


def test_what_is_there_is_not_told() -> None:
    time = Time()
    assert time.patience(60).until(up_after(time, 0)) == "up"
    assert time.shown == []


def test_two_demands_share_one_patience() -> None:
    time = Time()
    patience = time.patience(60)
    patience.until(up_after(time, 40))
    with pytest.raises(Unavailable, match=r"(59|60) s"):
        patience.until(up_after(time, 90))
    assert time.now <= 60


def test_what_waiting_cannot_mend_ends_it_at_once() -> None:
    time = Time()

    def demand() -> None:
        raise Misconfigured("The password is wrong.")

    with pytest.raises(Misconfigured):
        time.patience(60).until(demand)
    assert time.now == 0


@pytest.mark.parametrize("version", ["3.9.29", "3.8.0", "2.9", "", "unknown"])
def test_a_broker_that_is_too_old_is_named_with_what_is_needed(version: str) -> None:
    with pytest.raises(Misconfigured, match=r"needs 3\.10 or later"):
        require_version("The broker", version)


@pytest.mark.parametrize("version", ["3.10.8", "3.13.7", "4.0.2", "10.1.0-rc.1"])
def test_later_brokers_are_good(version: str) -> None:
    require_version("The broker", version)


def test_reasons_are_words_and_no_codes() -> None:
    assert system_reason(111) == "Connection refused"
    assert system_reason(-2) == "its name is not known"
