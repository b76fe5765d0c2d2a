"""Notes and flags of a case on the real parts: sealed where they are stored, and written once whatever the network does."""

from __future__ import annotations

import json
import secrets
import signal
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from ngao.chassis.security.identity import new_key
from ngao.chassis.storage.sealed_fields import VERSION
from ngao.testing.processes import ServiceProcess, World
from tests.support.auditing import on_record
from tests.support.intake import anonymous

STORE_OF = "intake"
MARK = f"zawadi-{secrets.token_hex(6)}"
WORDS = f"{MARK}: her sister answers the phone. Ask for the code word first. \u0168"


@pytest.fixture(scope="module")
def keys(world: World) -> dict[str, str]:
    """Two caseworkers, a data officer, a convenor, and the operator who has every scope; intake reads them at its start."""
    roles = {"amina": "caseworker", "baraka": "caseworker", "data": "data-officer", "convenor": "hub-convenor"}
    made = {name: new_key("operator", name) for name in roles}
    file = world.directory / "operators.json"
    listed = json.loads(file.read_text())["operators"]
    listed += [{"id": name, "hash": made[name][1], "roles": [role], "hubs": ["KE-30"]} for name, role in roles.items()]
    file.write_text(json.dumps({"operators": listed}))
    return {name: key for name, (key, _) in made.items()} | {"tester": world.operator_key}


class Desk:
    """One new case, and what operators do with it."""

    def __init__(self, intake: ServiceProcess, source: str, keys: dict[str, str]) -> None:
        self.intake, self.keys = intake, keys
        status, receipt = intake.request("POST", "/v1/reports", anonymous(), source)
        assert status == 202, receipt
        self.case_ref = str(receipt["case_ref"])
        self.path = f"/v1/cases/{self.case_ref}"

    def writes(self, body: Any, who: str = "amina", **headers: str) -> tuple[int, Any]:
        return self.intake.request("POST", f"{self.path}/notes", body, self.keys[who], **headers)

    def notes(self, who: str = "amina", reason: str = "case_work") -> list[dict[str, Any]]:
        status, shown = self.intake.request("GET", f"{self.path}/notes?reason={reason}", None, self.keys[who])
        assert status == 200, shown
        return list(shown["notes"])

    def flags(self, who: str = "amina") -> dict[str, Any]:
        status, shown = self.intake.request("GET", f"{self.path}/flags?reason=case_work", None, self.keys[who])
        assert status == 200, shown
        return dict(shown)

    def flag(self, code: str, revision: int, *, is_set: bool = True, who: str = "amina") -> tuple[int, Any]:
        change = {"flag": code, "is_set": is_set, "revision": revision}
        return self.intake.request("PUT", f"{self.path}/flags", change, self.keys[who])


@pytest.fixture
def desk(keys: dict[str, str], intake: ServiceProcess, key: str) -> Desk:
    return Desk(intake, key, keys)


def act() -> str:
    return secrets.token_hex(16)


def slug(problem: Any) -> str:
    return str(problem["type"].rpartition("/")[2])


def test_a_note_is_sealed_in_the_store_and_in_clear_nowhere(desk: Desk, store: Any) -> None:
    status, receipt = desk.writes({"text": WORDS, "act": act()})
    assert (status, receipt["number"], receipt["author"], receipt["duplicate"]) == (200, 1, "operator:amina", False)
    assert [(each["number"], each["author"], each["text"], each["corrects"]) for each in desk.notes()] == [
        (1, "operator:amina", WORDS, None)
    ]
    (stored,) = store.notes.find({"case_ref": desk.case_ref})
    assert bytes(stored["text"])[:1] == VERSION
    on_record(store)
    everything = repr([list(store[name].find()) for name in store.list_collection_names()]) + desk.intake.log.read_text()
    assert MARK not in everything
    assert b64encode(MARK.encode()).decode()[:-4] not in everything


def test_writing_and_reading_are_on_record_with_who_and_why_and_no_word(desk: Desk, store: Any) -> None:
    desk.writes({"text": WORDS})
    desk.writes({"text": f"{WORDS} No: her mother.", "corrects": 1}, who="baraka")
    desk.notes("data", "data_subject_request")
    entries = list(on_record(store).find({"subject": desk.case_ref, "action": {"$regex": "^note"}}))
    said = sorted((each["action"], each["actor"], tuple(each["detail"].items())) for each in entries)
    assert said == [
        ("note.read", "operator:data", (("reason", "data_subject_request"), ("notes", "2"))),
        ("note.written", "operator:amina", (("note", "1"),)),
        ("note.written", "operator:baraka", (("note", "2"), ("corrects", "1"))),
    ]


def test_an_act_that_is_sent_again_after_intake_was_killed_has_written_one_note(desk: Desk, store: Any) -> None:
    body = {"text": WORDS, "act": act()}
    first = desk.writes(body)[1]
    desk.intake.signal(signal.SIGKILL)
    desk.intake.wait()
    desk.intake.start()
    status, again = desk.writes(body)
    assert (status, again) == (200, {**first, "duplicate": True})
    assert len(desk.notes()) == 1
    assert on_record(store).count_documents({"action": "note.written", "subject": desk.case_ref}) == 1


def test_an_act_whose_note_could_not_be_stored_is_sent_again_and_writes_one(desk: Desk, world: World, store: Any) -> None:
    body = {"text": WORDS, "act": act()}
    with refusing(store):
        status, problem = desk.writes(body)
        assert status in {500, 503}, problem
        assert MARK not in str(problem)
    assert desk.notes() == []
    assert desk.writes(body)[1]["duplicate"] is False
    assert [each["number"] for each in desk.notes()] == [1]


def test_one_act_many_times_at_once_is_one_note(desk: Desk, store: Any) -> None:
    body = {"text": WORDS, "act": act()}

    def post(_: int) -> dict[str, Any]:
        while (answer := desk.writes(body))[0] == 503:
            pass
        assert answer[0] == 200, answer
        return dict(answer[1])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(16)))
    assert {each["number"] for each in answers} == {1}
    assert store.notes.count_documents({"case_ref": desk.case_ref}) == 1
    assert store.case_files.find_one({"_id": desk.case_ref})["notes"] == 1


def test_notes_that_come_at_once_have_a_number_each(desk: Desk) -> None:
    def post(number: int) -> int:
        body = {"text": f"Call {number}.", "act": act()}
        while (answer := desk.writes(body))[0] == 503:
            pass
        return int(answer[1]["number"])

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(post, range(8)))
    assert sorted(given) == list(range(1, 9))
    assert [each["number"] for each in desk.notes()] == list(range(1, 9))


def test_an_act_of_another_account_is_another_note_and_an_act_with_other_words_is_refused(desk: Desk) -> None:
    body = {"text": WORDS, "act": act()}
    desk.writes(body)
    status, other = desk.writes({**body, "text": "Not hers."}, who="baraka")
    assert (status, other["number"], other["author"], other["duplicate"]) == (200, 2, "operator:baraka", False)
    status, problem = desk.writes({**body, "text": "Other words."})
    assert (status, slug(problem)) == (409, "conflicting-repeat")
    assert len(desk.notes()) == 2


def test_the_header_is_an_act_too(desk: Desk) -> None:
    for duplicate in (False, True):
        assert desk.writes({"text": WORDS}, Idempotency_Key="2026-11-30 night, 1")[1]["duplicate"] is duplicate


BAD = (
    ("no body", b"", 400, "malformed-json", {}),
    ("cut", json.dumps({"text": WORDS}).encode()[:-4], 400, "malformed-json", {}),
    ("not UTF-8", b'{"text": "' + MARK.encode() + b'\xff"}', 400, "malformed-json", {}),
    ("a text", json.dumps(WORDS).encode(), 422, "invalid-input", {"": "wrong_type"}),
    ("no text", {}, 422, "invalid-input", {"/text": "required"}),
    ("an empty text", {"text": ""}, 422, "invalid-input", {"/text": "length"}),
    ("a text no one can read", {"text": " \u200b\n"}, 422, "invalid-input", {"/text": "length"}),
    ("a list", {"text": [WORDS]}, 422, "invalid-input", {"/text": "wrong_type"}),
    ("a long text", {"text": WORDS * 100}, 422, "invalid-input", {"/text": "length"}),
    ("an act that is a name", {"text": WORDS, "act": f"{MARK} at night"}, 422, "invalid-input", {"/act": "format"}),
    ("a short act", {"text": WORDS, "act": "1"}, 422, "invalid-input", {"/act": "length"}),
    ("a correction of nothing", {"text": WORDS, "corrects": 9}, 422, "invalid-input", {"/corrects": "unknown"}),
    ("a correction by words", {"text": WORDS, "corrects": MARK}, 422, "invalid-input", {"/corrects": "wrong_type"}),
    ("an unknown field", {"text": WORDS, "surname": MARK}, 422, "invalid-input", {"/surname": "unknown_field"}),
    ("a field with a name", {"text": WORDS, f"{MARK} +254 700 000 000": 1}, 422, "invalid-input", {"/?": "unknown_field"}),
    ("two megabytes", {"text": MARK * 100_000}, 413, "too-large", {}),
)  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[each[0] for each in BAD])
def test_bad_input_is_named_and_never_repeated(desk: Desk, store: Any, bad: tuple[Any, ...]) -> None:
    _, body, status, reason, errors = bad
    answered, problem = desk.writes(body)
    assert (answered, slug(problem)) == (status, reason)
    assert {each["pointer"]: each["code"] for each in problem.get("errors", [])} == errors
    assert MARK not in str(problem)
    assert MARK not in desk.intake.log.read_text()
    assert store.notes.count_documents({"case_ref": desk.case_ref}) == 0


def test_roles_read_and_write_as_policy_says_and_a_convenor_sees_flags_alone(desk: Desk) -> None:
    assert desk.writes({"text": WORDS}, who="data")[0] == 403
    assert desk.writes({"text": WORDS}, who="convenor")[1]["scope"] == "notes:write"
    assert desk.writes({"text": WORDS})[0] == 200
    reading = f"{desk.path}/notes?reason="
    assert desk.intake.request("GET", f"{reading}case_work", None, desk.keys["convenor"])[1]["scope"] == "notes:read"
    assert slug(desk.intake.request("GET", f"{reading}case_work", None, desk.keys["data"])[1]) == "purpose-not-allowed"
    assert desk.notes("data", "data_subject_request")[0]["text"] == WORDS
    assert desk.flags("convenor")["notes"] == 1
    assert desk.flag("do_not_visit", 0, who="convenor")[0] == 403


@pytest.mark.parametrize("query", ["", "?reason=", "?reason=curiosity"])
@pytest.mark.parametrize("what", ["notes", "flags"])
def test_without_a_reason_that_policy_knows_nothing_is_read(desk: Desk, what: str, query: str) -> None:
    status, problem = desk.intake.request("GET", f"{desk.path}/{what}{query}", None, desk.keys["tester"])
    assert (status, problem["errors"][0]["pointer"]) == (422, "/reason")


def test_sources_write_and_read_no_note_and_a_case_that_is_not_there_has_none(desk: Desk, key: str) -> None:
    for method, body in (("GET", None), ("POST", {"text": WORDS})):
        assert desk.intake.request(method, f"{desk.path}/notes", body, key)[0] == 403
        path = "/v1/cases/NG-0000000000/notes" + ("" if body else "?reason=case_work")
        assert desk.intake.request(method, path, body, desk.keys["amina"])[0] == 404


def test_a_flag_is_set_by_who_has_seen_the_flags_and_one_of_two_at_once(desk: Desk, store: Any) -> None:
    seen = desk.flags()["revision"]
    with ThreadPoolExecutor(2) as pool:
        codes = ("do_not_visit", "media_interest")
        answers = list(pool.map(lambda code: desk.flag(code, seen), codes))
    statuses = sorted(status for status, _ in answers)
    assert statuses in ([200, 409], [200, 503]), answers
    now = desk.flags()
    assert (now["revision"], [each["is_set"] for each in now["flags"]].count(True)) == (1, 1)
    (is_set,) = [each for each in now["flags"] if each["is_set"]]
    assert (is_set["changed_by"], set(is_set["label"])) == ("operator:amina", {"en", "sw"})
    assert desk.flag(is_set["code"], 1, is_set=False, who="baraka")[1]["revision"] == 2
    actions = [each["action"] for each in on_record(store).find({"subject": desk.case_ref, "action": {"$regex": "^flag.[sc]"}})]
    assert sorted(actions) == ["flag.cleared", "flag.set"]


def test_a_change_that_comes_too_late_is_told_who_was_first(desk: Desk) -> None:
    desk.flag("do_not_visit", 0)
    status, problem = desk.flag("media_interest", 0, who="baraka")
    assert (status, slug(problem), problem["errors"][0]["pointer"]) == (409, "flags-changed", "/revision")
    assert "operator:amina" in problem["detail"]
    assert desk.flag("do_not_visit", 0, who="baraka")[0] == 200, "it is so already"


@contextmanager
def refusing(store: Any) -> Iterator[None]:
    """Notes cannot be written."""
    data = {"failCommands": ["insert", "update"], "namespace": f"{store.name}.notes", "errorCode": 8000}
    store.client.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data})
    try:
        yield
    finally:
        store.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
