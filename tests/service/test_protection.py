"""Risk assessments on a real store: sealed, in versions that two officers cannot both save, rung once by two processes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.testing.processes import ROOT, ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.service.test_registry import registry  # noqa: F401  # the same process
from tests.support.auditing import on_record
from tests.support.command import ngao

STORE_OF = "registry"
REVIEW = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
ASSESSMENT: dict[str, Any] = {
    "seen": 0,
    "threats": [{"words": "canary-motorcycle", "likelihood": "likely", "impact": "severe"}],
    "vulnerability": "high", "vulnerabilities": ["canary-evening"],
    "capacity": "low", "capacities": ["canary-neighbours"],
    "measures": [{"words": "canary-route", "responsible": "person", "until": REVIEW}],
    "review_on": REVIEW,
}  # fmt: skip
RING = """
import sys
from pathlib import Path
from ngao.chassis.chassis import Chassis
from ngao.chassis.settings import load
from services.registry.context import RegistryParts
from services.registry.protection.reviews import ring_for_reviews
parts = RegistryParts(Chassis(load(Path(sys.argv[1]))))
ring_for_reviews(parts)
parts.chassis.close()
"""


class Person:
    def __init__(self, world: World, registry: ServiceProcess) -> None:  # noqa: F811
        self._registry, self._key = registry, world.operator_key
        status, answer = self.asks("POST", "/v1/defenders", {"identity": {"names": ["Invented Protected Akoth"]}})
        assert status == 200, answer
        self.ref = answer["defender_ref"]

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self._registry.request(method, path, body, self._key)

    def saves(self, **changes: Any) -> tuple[int, Any]:
        return self.asks("PUT", f"/v1/defenders/{self.ref}/assessments/person", {**ASSESSMENT, **changes})

    def reads(self) -> Any:
        return self.asks("GET", f"/v1/defenders/{self.ref}/assessments?reason=case_work")[1]


@pytest.fixture
def person(world: World, registry: ServiceProcess) -> Person:  # noqa: F811
    return Person(world, registry)


def test_every_version_is_sealed_in_the_store_and_on_record_as_codes(person: Person, store: Any) -> None:
    assert [person.saves(seen=seen)[1]["number"] for seen in (0, 1)] == [1, 2]
    shown = person.reads()
    assert [each["content"]["threats"][0]["words"] for each in shown["current"]] == ["canary-motorcycle"]
    assert [each["number"] for each in shown["history"]] == [2, 1]
    kept = list(store.assessments.find({"defender_ref": person.ref}))
    assert len(kept) == 2
    assert not any(b"canary" in bytes(each["content"]) or "canary" in repr(each) for each in kept)
    assert "canary" not in repr(list(on_record(store).find({"subject": person.ref})))


def test_of_two_who_save_at_the_same_moment_one_is_refused(person: Person, store: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: person.saves()[0], range(4)))
    assert sorted(answers).count(200) == 1
    assert set(answers) <= {200, 409, 503}
    assert store.assessments.count_documents({"defender_ref": person.ref, "is_current": True}) == 1


def test_a_wrong_field_is_named_and_nothing_is_stored(person: Person, store: Any) -> None:
    status, answer = person.saves(vulnerability="canary-huge", review_on="2020-01-01")
    assert (status, sorted(each["pointer"] for each in answer["errors"])) == (422, ["/review_on", "/vulnerability"])
    assert "canary" not in json.dumps(answer)
    assert store.assessments.count_documents({"defender_ref": person.ref}) == 0


def test_two_processes_ring_once_for_a_review_that_is_due(person: Person, world: World, store: Any) -> None:
    person.saves()
    past = datetime.now(UTC) - timedelta(hours=1)
    store.assessments.update_one({"defender_ref": person.ref}, {"$set": {"ring_at": past, "review_at": past}})
    command = [sys.executable, "-W", "ignore", "-c", RING, str(world.settings("registry")[0])]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    kept = store.assessments.find_one({"defender_ref": person.ref})
    assert (kept.get("ring_at"), kept["revision"]) == (None, 2)
    reviews = person.asks("GET", "/v1/protection/reviews")[1]["reviews"]
    assert [(each["about"], each["is_due"]) for each in reviews if each["defender_ref"] == person.ref] == [("person", True)]


def test_who_removes_the_last_one_leaves_nothing_and_no_need(person: Person, store: Any) -> None:
    person.saves()
    assert "protection" in store.defenders.find_one({"_id": person.ref})["kept_for"]
    assert person.asks("DELETE", f"/v1/defenders/{person.ref}/assessments/person")[1]["removed"] == 1
    assert store.assessments.count_documents({"defender_ref": person.ref}) == 0
    eventually(lambda: store.defenders.find_one({"_id": person.ref})["kept_for"] == ["registration"], what="the need to end")


def test_the_command_line_lists_reviews_and_the_versions_of_a_person(
    person: Person, world: World, registry: ServiceProcess  # noqa: F811
) -> None:
    person.saves()
    code, text = ngao(world, "defender", "assessments", person.ref, "--reason", "case_work", registry=registry)
    assert (code, "person" in text, "canary" in text) == (0, True, False)
    assert ngao(world, "defender", "reviews", registry=registry)[0] == 0
