"""Trainings over HTTP on a real store: sealed, with so many places however many ask at once, and closed to convenors."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ngao.testing.processes import ServiceProcess, World
from tests.service.test_registry import registry  # noqa: F401  # the same process
from tests.support.auditing import on_record

STORE_OF = "registry"
SESSION = {"programme": "advocacy", "day": "2026-01-15", "county": "KE-30", "places": 3}


class Office:
    def __init__(self, world: World, registry: ServiceProcess) -> None:  # noqa: F811
        self._registry, self._key = registry, world.operator_key

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self._registry.request(method, path, body, self._key)

    def gets(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.asks(method, path, body)
        assert status == 200, answer
        return answer

    def person(self) -> str:
        stated = {"identity": {"names": [f"Invented {secrets.token_hex(4)} canary"]}}
        return str(self.gets("POST", "/v1/defenders", stated)["defender_ref"])

    def session(self, **changes: Any) -> str:
        return str(self.gets("POST", "/v1/trainings", {**SESSION, **changes})["session_id"])

    def shown(self, session: str) -> Any:
        found = self.gets("GET", "/v1/trainings")["sessions"]
        return next(each for each in found if each["session_id"] == session)


@pytest.fixture
def office(world: World, registry: ServiceProcess) -> Office:  # noqa: F811
    return Office(world, registry)


def test_what_is_stored_names_no_session_beside_a_person(office: Office, store: Any) -> None:
    session, ref = office.session(), office.person()
    office.gets("PUT", f"/v1/defenders/{ref}/trainings", {"session_id": session, "state": "attended", "counted": True})
    record = store.trainings.find_one({"_id": ref})
    assert session not in repr(record)
    assert not any(word in bytes(record["entries"]) for word in (session.encode(), b"attended"))
    assert "attended" not in repr(list(on_record(store).find({"subject": ref})))
    assert ref not in repr(store.training_sessions.find_one({"_id": session}))
    (entry,) = office.gets("GET", f"/v1/defenders/{ref}/trainings?reason=case_work")["trainings"]
    assert (entry["state"], entry["session"]["day"], entry["counted"]) == ("attended", "2026-01-15", True)
    assert office.shown(session)["counted"] == 1


def test_the_last_place_is_given_once_to_many_who_ask_at_once(office: Office) -> None:
    session, people = office.session(), [office.person() for _ in range(8)]
    body = {"session_id": session, "state": "invited"}
    ask = lambda ref: office.asks("PUT", f"/v1/defenders/{ref}/trainings", body)[0]  # noqa: E731
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, people))
    again = [ask(ref) for ref, status in zip(people, answers, strict=True) if status != 200]
    assert set(answers) <= {200, 409}
    assert set(again) <= {200, 409}
    invited = office.gets("GET", f"/v1/trainings/{session}/people?reason=case_work")["people"]
    assert (len(invited), office.shown(session)["taken"]) == (3, 3)


def test_a_removed_entry_leaves_nothing(office: Office, store: Any) -> None:
    session, ref = office.session(), office.person()
    office.gets("PUT", f"/v1/defenders/{ref}/trainings", {"session_id": session, "state": "invited"})
    office.gets("DELETE", f"/v1/defenders/{ref}/trainings/{session}")
    assert store.trainings.find_one({"_id": ref}) is None
    assert "trainings" not in store.defenders.find_one({"_id": ref})["kept_for"]
    assert office.shown(session)["taken"] == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"programme": "magic"}, "/programme"),
        ({"county": "KE-99"}, "/county"),
        ({"places": 0}, "/places"),
        ({"day": "soon"}, "/day"),
    ],
)
def test_a_wrong_field_is_named(office: Office, change: dict[str, Any], pointer: str) -> None:
    status, answer = office.asks("POST", "/v1/trainings", {**SESSION, **change})
    assert (status, [each["pointer"] for each in answer["errors"]]) == (422, [pointer])
