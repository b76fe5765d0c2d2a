"""How a person may be reached, recorded over HTTP on a real store: sealed, found by no value, and asked without a contact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.service.test_registry import accepted, new_identity, new_ref, registry  # noqa: F401  # the same process
from tests.support.auditing import on_record
from tests.support.command import ngao

STORE_OF = "registry"
CONTACT: dict[str, Any] = {
    "channel": "phone", "address": "0700 000 777", "allowed": True, "confirmed_how": "in_person", "zone": "Africa/Nairobi",
    "code_word": "canary-jua", "stop_word": "canary-mvua", "instructions": "canary-bank", "who_answers": "only_the_person",
    "hours": [{"opens": "03:17", "closes": "03:18", "days": ["mon"]}],
}  # fmt: skip
SECRETS = ("canary", "700000777", "700 000 777", "03:17")


class Person:
    def __init__(self, world: World, registry: ServiceProcess, store: Any) -> None:  # noqa: F811
        self.case_ref, self._registry, self._key = new_ref(), registry, world.operator_key
        Line(world).publish(accepted(world, self.case_ref, new_identity()))
        self.ref = eventually(lambda: store.cases.find_one({"_id": self.case_ref}), what="the case")["defender_ref"]

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self._registry.request(method, path, body, self._key)

    def own(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.asks(method, f"/v1/defenders/{self.ref}/{path}", body)
        assert status == 200, answer
        return answer


@pytest.fixture
def person(world: World, registry: ServiceProcess, store: Any) -> Person:  # noqa: F811
    return Person(world, registry, store)


def test_what_is_recorded_is_sealed_in_the_store_and_in_the_audit_as_codes(person: Person, store: Any) -> None:
    kept = person.own("PUT", "contacts", CONTACT)["contact_id"]
    shown = person.own("GET", "contacts?reason=case_work")["contacts"]
    assert [(each["contact_id"], each["address"], each["code_word"]) for each in shown] == [(kept, "+254700000777", "canary-jua")]
    record = store.contact_safety.find_one({"_id": person.ref})
    for each in (repr(record), repr(list(on_record(store).find({"subject": person.ref})))):
        assert not any(secret in each for secret in SECRETS)
    assert not any(secret.encode() in bytes(record["rules"]) for secret in SECRETS)


def test_a_stop_and_its_end_and_a_removed_contact_leave_what_was_before(person: Person, store: Any) -> None:
    kept = person.own("PUT", "contacts", CONTACT)["contact_id"]
    assert person.own("POST", "contact-stop", {})["stopped"]
    assert person.own("GET", "contacts?reason=case_work")["contacts"][0]["why_not"] == "stopped"
    assert not person.own("DELETE", "contact-stop")["stopped"]
    person.own("DELETE", f"contacts/{kept}")
    assert store.contact_safety.find_one({"_id": person.ref}) is None
    assert store.defenders.find_one({"_id": person.ref}).get("kept_for", []) == []


def test_a_wrong_field_is_named_and_nothing_is_stored(person: Person, store: Any) -> None:
    wrong: dict[str, Any] = {
        "/hours/0/closes": {"hours": [{"opens": "09:00", "closes": "09:00"}]}, "/zone": {"zone": "Africa/Atlantis"},
        "/address": {"address": "0700000777 / 0700000778"},
    }  # fmt: skip
    for pointer, change in wrong.items():
        status, answer = person.asks("PUT", f"/v1/defenders/{person.ref}/contacts", {**CONTACT, **change})
        assert (status, [each["pointer"] for each in answer["errors"]]) == (422, [pointer])
        assert "Atlantis" not in json.dumps(answer)
        assert "7000007" not in json.dumps(answer)
    assert store.contact_safety.find_one({"_id": person.ref}) is None


def test_the_answers_to_the_question_are_equally_long_and_name_no_contact(person: Person) -> None:
    person.own("PUT", "contacts", {**CONTACT, "hours": []})
    asked = [f"/v1/contact-safety/{person.ref}?channel={each}" for each in ("phone", "sms", "email")]
    answers = [person.asks("GET", path) for path in (*asked, "/v1/contact-safety/DEF-0000000000?channel=phone")]
    assert {status for status, _ in answers} == {200}
    assert [answer["may_contact"] for _, answer in answers][:2] == [True, True]
    written = [json.dumps(answer, separators=(",", ":")) for _, answer in answers]
    assert len({len(each) for each in written}) == 1
    assert not any(secret in each for each in written for secret in SECRETS)


def test_the_command_line_asks_and_stops(person: Person, world: World, registry: ServiceProcess) -> None:  # noqa: F811
    person.own("PUT", "contacts", {**CONTACT, "hours": []})
    code, answer = ngao(world, "defender", "ask", person.ref, "--channel", "phone", registry=registry)
    assert code == 0
    assert answer.startswith("Yes, by phone. Mind: shared, low_detail, code_word, stop_word, instructions.")
    assert "is stopped since" in ngao(world, "defender", "stop", person.ref, registry=registry)[1]
    assert ngao(world, "defender", "ask", person.ref, registry=registry) == (0, "No: stopped.\n")
