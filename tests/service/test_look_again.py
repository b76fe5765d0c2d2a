"""Namesakes of the same moment, on a real store with two processes that look: one candidate, however often it is looked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.chassis import Chassis
from ngao.chassis.clock import SystemClock
from ngao.chassis.settings import load
from ngao.testing.clock import ManualClock
from ngao.testing.processes import ROOT, World
from services.registry.cases.model import Case
from services.registry.context import Context, RegistryParts
from services.registry.people.identity import Identity, ReportedIdentity
from services.registry.people.model import Defender
from services.registry.people.resolution import Kind
from tests.support.documents import documents

NOW = SystemClock().now().replace(microsecond=0)
NAMES = {
    "DEF-A000000001": "Invented Wanjiku Kamau",
    "DEF-B000000002": "Invented Wanjikuu Kamau",
    "DEF-C000000003": "Grace Chebet",
}
LOOK = """
import sys
from pathlib import Path
from ngao.chassis.chassis import Chassis
from ngao.chassis.settings import load
from services.registry.context import RegistryParts
from services.registry.people import look_again
parts = RegistryParts(Chassis(load(Path(sys.argv[1]))))
getattr(look_again, sys.argv[2])(parts)
parts.chassis.close()
"""


@pytest.fixture(scope="module")
def settings(world: World) -> Path:
    return Path(world.settings("registry")[0])


@pytest.fixture(scope="module")
def parts(settings: Path) -> Iterator[RegistryParts]:
    opened = RegistryParts(Chassis(load(settings), ManualClock(NOW - timedelta(minutes=2))))
    for each in documents("registry"):
        opened.chassis.store.database[each.collection_name()].delete_many({})
    for number, (ref, name) in enumerate(NAMES.items()):
        opened.run(lambda ctx, number=number, ref=ref, name=name: new_case(ctx, number, ref, name))
    yield opened
    opened.chassis.close()


def new_case(ctx: Context, number: int, ref: str, name: str) -> None:
    """A report that was resolved before the other's record was stored."""
    identity = Identity((name,))
    ctx.defenders.save(Defender(ref, identity, ctx.now))
    case = Case(
        f"NG-{number:010}", ref, Kind.NEW, urgent=False, facts=ReportedIdentity(identity), received_at=ctx.now,
        consent_snapshots=(), policy_version="1",
    )  # fmt: skip
    ctx.cases.save(case)


def in_two_processes(settings: Path, what: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", LOOK, str(settings), what]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]


def test_two_processes_make_one_candidate_of_two_namesakes(parts: RegistryParts, settings: Path) -> None:
    for _ in range(2):
        in_two_processes(settings, "look_again")
    database: Any = parts.chassis.store.database
    (candidate,) = database.candidates.find()
    found = {candidate["defender_ref"], *(each["defender_ref"] for each in candidate["suggestions"])}
    assert found == {"DEF-A000000001", "DEF-B000000002"}
    (look,) = database.looks.find()
    assert look["until"].replace(tzinfo=NOW.tzinfo) > NOW - timedelta(minutes=1), "the next look goes on from there"


def test_keys_of_earlier_rules_are_renewed(parts: RegistryParts, settings: Path) -> None:
    defenders: Any = parts.chassis.store.database.defenders
    before = {each["_id"]: sorted(each["name_keys"]) for each in defenders.find()}
    defenders.update_many({}, {"$set": {"name_keys": []}, "$unset": {"keyed_by": ""}})
    turned = Identity(("Kamau Wanjiku",))
    assert parts.read().defenders.named_like(turned) == []
    in_two_processes(settings, "renew_name_keys")
    assert {each["_id"]: sorted(each["name_keys"]) for each in defenders.find()} == before
    assert set(parts.read().defenders.named_like(turned)) == {"DEF-A000000001", "DEF-B000000002"}
