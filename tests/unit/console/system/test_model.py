"""A page of readiness is read with care: what a service that fails sends may be anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.console.system.model import Readiness, Sentence, State, read_page
from services.console.system.responses import system_answer

READY = {"ready": True, "checks": {"store": "ok", "relay": "ok"}, "warnings": {}}


def test_a_ready_service_lacks_nothing_and_may_warn() -> None:
    assert read_page(200, READY) == Readiness(State.READY)
    warned = read_page(200, {**READY, "warnings": {"roster": "Nobody is on duty."}})
    assert warned == Readiness(State.READY, warnings=(Sentence("roster", "Nobody is on duty."),))


def test_a_service_knows_when_its_store_was_backed_up() -> None:
    known = read_page(200, {**READY, "facts": {"backup": "2026-11-30T02:00:00+00:00", "newer": "x"}})
    assert known == Readiness(State.READY, backed_up=datetime(2026, 11, 30, 2, tzinfo=UTC))


@pytest.mark.parametrize("facts", [None, [], "backup", {}, {"backup": 7}, {"backup": "night"}, {"backup": "2026-11-30T02:00:00"}])
def test_a_moment_that_cannot_be_read_is_not_known(facts: Any) -> None:
    assert read_page(200, {**READY, "facts": facts}) == Readiness(State.READY)


def test_what_is_not_ready_gives_its_own_sentences_without_those_of_what_works() -> None:
    page = {"ready": False, "checks": {"store": "The store does not answer.", "relay": "ok"}}
    assert read_page(503, page) == Readiness(State.NOT_READY, (Sentence("store", "The store does not answer."),))


@pytest.mark.parametrize(
    ("status", "page"),
    [(200, None), (200, "ready"), (200, []), (200, {}), (200, {"checks": ["store"]}), (404, READY), (500, READY), (301, READY)],
)
def test_what_is_no_page_of_readiness_is_no_answer(status: int, page: Any) -> None:
    assert read_page(status, page) == Readiness(State.NO_ANSWER)


def test_sentences_that_are_none_are_left_out_and_long_ones_are_cut() -> None:
    found = read_page(503, {"checks": {"a": 1, "b": None, "c": "x" * 9000, **{f"n{n}": "no" for n in range(900)}}})
    assert len(found.missing) <= 50
    assert max(len(each.says) for each in found.missing) == 500


def test_the_platform_is_ready_when_every_service_is() -> None:
    at = datetime(2026, 11, 30, 21, tzinfo=UTC)
    good = system_answer({"intake": Readiness(State.READY), "notify": Readiness(State.READY)}, at)
    assert (good["ready"], good["at"]) == (True, "2026-11-30T21:00:00+00:00")
    for state in (State.NOT_READY, State.NO_ANSWER, State.NO_ADDRESS):
        shown = system_answer({"intake": Readiness(State.READY), "notify": Readiness(state)}, at)
        assert shown["ready"] is False
        assert shown["services"][1] == {"service": "notify", "state": state, "missing": [], "warnings": [], "backed_up": None}
