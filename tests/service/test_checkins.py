"""Check-ins with two processes of the registry on a real broker and store: each fires once, whatever dies or jumps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.contracts import Event, decode, subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ROOT, ServiceProcess, World
from ngao.testing.waiting import eventually

pytestmark = pytest.mark.thorough

STORE_OF = "registry"
MISSED, DURESS = "registry.checkin.missed.v1", "registry.checkin.duress.v1"
SAFE, HELP = "mwavuli", "parachichi"
PLAN = {"kind": "journey", "due": "2036-12-24T18:00", "zone": "Africa/Nairobi", "safe_word": SAFE, "help_word": HELP}
MANY = 30
RUN = """
import sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from ngao.chassis.chassis import Chassis
from ngao.chassis.settings import load
from ngao.testing.clock import ManualClock
from services.registry.checkins.run import act_on_answers, run_checkins
from services.registry.context import RegistryParts
clock = ManualClock(datetime.now(UTC) + timedelta(days=float(sys.argv[2])))
parts = RegistryParts(Chassis(load(Path(sys.argv[1])), clock))
act_on_answers(parts), run_checkins(parts)
parts.chassis.close()
"""


class Heard:
    """What intake's queues hold for it, each event by its id: what is delivered twice is one."""

    def __init__(self, line: Line) -> None:
        self._line, self._events = line, dict[str, Event]()

    def of(self, kind: str, ids: set[str]) -> list[str]:
        for each in (MISSED, DURESS):
            for queue in (f"intake.{each}", f"intake.{each}.urgent"):
                for _, body in self._line.take(queue):
                    event = decode(body)
                    self._events[event.id] = event
        return [each.subject for each in self._events.values() if each.type == kind and each.subject in ids]


@pytest.fixture(scope="module")
def registries(world: World) -> Iterator[list[ServiceProcess]]:
    provision(world, {"registry": subscriptions_of("registry"), "intake": (MISSED, DURESS)})
    settings, port = world.settings("registry")
    first = settings.rename(settings.with_name("registry-1.toml"))
    both = [ServiceProcess(first, port).start(), ServiceProcess(*world.settings("registry")).start()]
    yield both
    for each in both:
        each.stop()


@pytest.fixture(scope="module")
def heard(world: World) -> Heard:
    return Heard(Line(world))


@pytest.fixture
def registry(registries: list[ServiceProcess]) -> ServiceProcess:
    return registries[0]


def planned(world: World, registry: ServiceProcess, **changes: Any) -> dict[str, Any]:
    """A new person with a check-in: its id and its link."""
    name = f"Invented {os.urandom(6).hex().translate(_LETTERS)} {os.urandom(6).hex().translate(_LETTERS)}"
    person = {"identity": {"names": [name]}}
    ref = registry.request("POST", "/v1/defenders", person, world.operator_key)[1]["defender_ref"]
    status, made = registry.request("POST", f"/v1/defenders/{ref}/checkins", {**PLAN, **changes}, world.operator_key)
    assert status == 200, made
    return {"id": made["checkin_id"], "link": made["link"]}


_LETTERS = str.maketrans("0123456789", "ghiklmnopr")


def falls_due(store: Any, plans: list[dict[str, Any]], at: datetime) -> None:
    """Let the timers of plans be due at this moment."""
    changed = store.checkins.update_many({"_id": {"$in": [each["id"] for each in plans]}}, {"$set": {"next_at": at}})
    assert changed.modified_count == len(plans)


def test_each_fires_once_although_processes_are_killed_meanwhile(
    world: World, registries: list[ServiceProcess], store: Any, heard: Heard
) -> None:
    plans = [planned(world, registries[0]) for _ in range(MANY)]
    ids = {each["id"] for each in plans}
    falls_due(store, plans, datetime.now(UTC) + timedelta(seconds=2))
    for each in registries:
        eventually(lambda: store.checkins.count_documents({"state": "missed"}), what="some to fire")
        assert each.process is not None
        each.process.send_signal(signal.SIGKILL)
        each.process.wait(10)
        each.start()
    eventually(lambda: set(heard.of(MISSED, ids)) == ids, within=60, what="all to be reported")
    assert Counter(heard.of(MISSED, ids)) == Counter(ids)
    assert store.checkins.count_documents({"_id": {"$in": list(ids)}, "state": "missed", "next_at": None}) == MANY


@pytest.mark.parametrize("days", [2, -2])
def test_a_clock_that_is_two_days_off_fires_none_twice(
    world: World, registries: list[ServiceProcess], store: Any, heard: Heard, days: int
) -> None:
    """Ahead, it fires too early, which only asks too early; then, with the right clock, nothing comes again."""
    plans = [planned(world, registries[0]) for _ in range(3)]
    ids = {each["id"] for each in plans}
    falls_due(store, plans, datetime.now(UTC) + timedelta(days=1 if days > 0 else 0, seconds=20 if days < 0 else 0))
    command = [sys.executable, "-W", "ignore", "-c", RUN, str(registries[0].settings), str(days)]
    for _ in range(2):
        assert subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode == 0
    if days > 0:
        falls_due_again = store.checkins.count_documents({"_id": {"$in": list(ids)}, "next_at": {"$ne": None}})
        assert falls_due_again == 0
    eventually(lambda: set(heard.of(MISSED, ids)) == ids, within=60, what="each to be reported")
    assert Counter(heard.of(MISSED, ids)) == Counter(ids)


def test_a_link_answers_and_a_call_for_help_gets_the_same_bytes(
    world: World, registry: ServiceProcess, store: Any, heard: Heard
) -> None:
    calm, afraid = planned(world, registry), planned(world, registry)
    answers = []
    for plan, word in ((calm, SAFE), (afraid, HELP)):
        body = json.dumps({"link": plan["link"], "word": f" {word.upper()} "}).encode()
        answers.append(registry.request("POST", "/v1/checkins/answers", body))
    assert answers[0] == answers[1] == (200, {"received": True})
    ids = {calm["id"], afraid["id"]}
    eventually(lambda: heard.of(DURESS, ids), what="the call for help")
    assert heard.of(DURESS, ids) == [afraid["id"]]
    both = {"_id": {"$in": list(ids)}, "state": "ended"}
    eventually(lambda: store.checkins.count_documents(both) == 2, what="both to be answered")
    assert heard.of(MISSED, ids) == []
    wrong = registry.request("POST", "/v1/checkins/answers", {"link": calm["link"], "word": "another"})
    unknown = registry.request("POST", "/v1/checkins/answers", {"link": "no-link-of-anyone", "word": "another"})
    assert wrong[0] == 422
    assert {**wrong[1], "trace": ""} == {**unknown[1], "trace": ""}
    log = registry.log.read_text()
    assert not [each for each in (SAFE, HELP, calm["link"], afraid["link"]) if each in log]
