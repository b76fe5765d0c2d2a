"""Dry runs about somebody at a running intake: counted for all processes, audited, bounded, measured."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.contracts import subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.intake import MARKERS, NEWS, anonymous, onboard, report
from tests.support.monitoring import Page

STORE_OF = "intake"
PER_HOUR = 3
PATH = "/v1/reports/validate"


@pytest.fixture(scope="module")
def intakes(world: World) -> Iterator[list[ServiceProcess]]:
    """Two processes of intake on one store."""
    provision(world, {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS})
    made = []
    for _ in range(2):
        settings, port = world.settings("intake", f"dry_runs_per_hour = {PER_HOUR}\ndry_runs_per_day = {PER_HOUR}\n")
        made.append(ServiceProcess(settings, port).start())
    yield made
    for process in made:
        process.stop()


@pytest.fixture(autouse=True)
def _not_at_the_turn_of_the_day() -> None:
    """A count that begins anew in the middle of a test would prove nothing."""
    now = datetime.now(UTC)
    if now.hour == 23 and now.minute == 59:
        eventually(lambda: datetime.now(UTC).hour != 23, within=70, what="the next day")


@pytest.fixture
def source(intakes: list[ServiceProcess], world: World) -> tuple[str, str]:
    name = f"forms-{secrets.token_hex(4)}"
    return name, onboard(intakes[0], world, name)


def audited(store: Any, source_id: str) -> list[dict[str, Any]]:
    return list(on_record(store).find({"subject": source_id, "action": {"$regex": "validat"}}).sort("n", 1))


def refused(intakes: list[ServiceProcess]) -> float:
    pages = [Page(each.request("GET", "/metrics")[1].decode()) for each in intakes]
    return sum(page.value("ngao_intake_dry_runs_total", result="refused") for page in pages)


def test_dry_runs_about_somebody_are_counted_audited_and_bounded(
    intakes: list[ServiceProcess], source: tuple[str, str], store: Any, world: World
) -> None:
    source_id, key = source
    before = refused(intakes)
    answers = [intakes[n % 2].request("POST", PATH, report(), key) for n in range(PER_HOUR + 3)]
    assert [status for status, _ in answers] == [200] * PER_HOUR + [429] * 3
    assert answers[-1][1]["type"].rpartition("/")[2] == "too-many-dry-runs"
    entries = audited(store, source_id)
    assert [each["action"] for each in entries] == ["report.validated"] * PER_HOUR + ["report.validation_refused"]
    assert {each["actor"] for each in entries} == {f"source:{source_id}"}
    assert not any(marker in str(entries) for marker in MARKERS)
    assert refused(intakes) - before == 3
    assert intakes[0].request("POST", PATH, anonymous(), key)[0] == 200, "without a name it is free"
    assert intakes[0].request("POST", "/v1/reports", report(), key)[0] == 202, "a report is taken whatever was asked before"
    other = onboard(intakes[0], world, f"other-{secrets.token_hex(4)}")
    assert intakes[0].request("POST", PATH, report(), other)[0] == 200, "another source has bounds of its own"


def test_a_refused_source_learns_when_it_may_ask_again(intakes: list[ServiceProcess], source: tuple[str, str]) -> None:
    for _ in range(PER_HOUR):
        intakes[0].request("POST", PATH, report(), source[1])
    intakes[0].answers = []
    try:
        assert intakes[0].request("POST", PATH, report(), source[1])[0] == 429
        assert b"Retry-After" in intakes[0].answers[0]
    finally:
        intakes[0].answers = None


def test_a_report_that_breaks_its_schema_is_no_question(
    intakes: list[ServiceProcess], source: tuple[str, str], store: Any
) -> None:
    assert intakes[0].request("POST", PATH, report(occurred_at="yesterday"), source[1])[0] == 422
    assert audited(store, source[0]) == []
