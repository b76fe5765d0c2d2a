"""Bodies that a source's profile cannot read as reports, on real parts: kept, announced, read, taken in or dismissed."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ngao.contracts import decode, subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.cases import CASES, case
from tests.support.intake import NEWS, onboard
from tests.support.monitoring import Page

STORE_OF = "intake"
QUARANTINED, FILLED = "intake.report.quarantined.v1", "intake.quarantine.filled.v1"
MOST, MOST_BYTES = 3, 65536
MARKER = "Quarantine Marker"
NOTHING_READABLE = {"person_name": MARKER}


@pytest.fixture(scope="module")
def intake(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Intake with one profile more, as the owner of a form with repeat groups wrote it."""
    own = Path(tmp_path_factory.mktemp("policy"))
    (own / "profiles").mkdir()
    (own / "profiles" / "repeat.yaml").write_text((CASES / "form" / "repeat-profile.yaml").read_text("utf-8"), "utf-8")
    heard = {"registry": NEWS, "referral": NEWS, "notify": subscriptions_of("notify")}
    provision(world, {"intake": subscriptions_of("intake"), **heard})
    settings, port = world.settings("intake", policy=(own,))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@pytest.fixture
def narrow(intake: ServiceProcess, world: World) -> Iterator[ServiceProcess]:
    """Another process of intake, that lets little wait of one source."""
    assert intake.is_running()
    settings, port = world.settings("intake", f"quarantine_bodies = {MOST}\nquarantine_bytes = {MOST_BYTES}\n")
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@pytest.fixture
def line(world: World) -> Line:
    return Line(world)


class Source:
    """A source with a profile, and what an operator does about what it posts."""

    def __init__(self, intake: ServiceProcess, world: World, profile: str = "kobo") -> None:
        self.id = f"form-{secrets.token_hex(4)}"
        self._intake, self._operator = intake, world.operator_key
        self.key = onboard(intake, world, self.id, profile=profile)

    def post(self, body: Any, name: str | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        headers |= {"Idempotency_Key": name} if name else {}
        status, answer = self._intake.request("POST", f"/v1/inbound/{self.id}", body, self.key, **headers)
        return status, dict(answer)

    def held(self, body: Any, name: str | None = None) -> str:
        status, answer = self.post(body, name)
        assert (status, answer.get("quarantined")) == (202, True), answer
        return str(answer["quarantine_id"])

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self._intake.request(method, path, body, self._operator)

    def decides(self, held: str, what: str) -> tuple[int, Any]:
        return self.asks("POST", f"/v1/quarantine/{held}/{what}", {"reason": "looked at"})

    def waiting(self) -> list[dict[str, Any]]:
        return list(self.asks("GET", f"/v1/quarantine?source={self.id}")[1]["quarantine"])

    def is_read_by(self, profile: str) -> None:
        assert self.asks("PUT", f"/v1/sources/{self.id}", {"profile": profile})[0] == 200


@pytest.fixture
def source(intake: ServiceProcess, world: World) -> Source:
    return Source(intake, world)


def unmapped() -> dict[str, Any]:
    """A form that the profile `kobo` cannot read and the profile `repeat` can."""
    return {name: value for name, value in case("form/repeat-ongoing").items() if name != "needs"}


def notices(line: Line, source: Source, count: int = 1, of: str = QUARANTINED) -> list[Any]:
    """What notify is sent about a source, so many at least."""
    found: list[Any] = []

    def look() -> bool:
        found.extend(decode(body) for _, body in line.take(f"notify.{of}"))
        return sum(source.id in each.subject for each in found) >= count

    eventually(look, what="notices of bodies in quarantine")
    return [each for each in found if source.id in each.subject]


@pytest.mark.parametrize("sent", [
    ({"incident/violation_type": "death_threat", "person/name": MARKER}, "no-id"),
    ({"_uuid": "q-1", **NOTHING_READABLE}, "nothing-readable"),
    ([{"person/name": MARKER}], "no-object"),
])  # fmt: skip
def test_what_is_no_report_is_kept_sealed_and_source_and_operator_see_it(
    source: Source, store: Any, sent: tuple[Any, str]
) -> None:
    body, reason = sent
    status, answer = source.post(body)
    assert (status, answer["quarantined"], answer["reason"]) == (202, True, reason)
    assert "report_id" not in answer
    shown = source.asks("GET", f"/v1/quarantine/{answer['quarantine_id']}")[1]
    assert (shown["state"], shown["reason"], shown["source_id"]) == ("waiting", reason, source.id)
    assert MARKER.encode() not in bytes(store["parked"].find_one({"_id": answer["quarantine_id"]})["body"])
    assert MARKER not in json.dumps([answer, shown, list(on_record(store).find())], default=str)
    assert source.held(body) == answer["quarantine_id"]
    assert [each["times"] for each in source.waiting()] == [2]


LATIN_1 = f'{{"person/name": "{MARKER} Ng\u00e9no"}}'.encode("latin-1")
NO_JSON = [
    pytest.param(b'{"person/name": "' + MARKER.encode() + b'", "incident/county": ', "application/json", id="cut off"),
    pytest.param(LATIN_1, "application/json; charset=iso-8859-1", id="latin-1"),
    pytest.param(LATIN_1, "application/json", id="latin-1 called UTF-8"),
    pytest.param(f"<data><name>{MARKER}</name></data>".encode(), "text/xml", id="XML"),
    pytest.param(b'{"person/name": "\\ud800"}', "application/json", id="half a surrogate pair"),
    pytest.param(b"[" * 5000, "application/json", id="too deep"),
]


@pytest.mark.parametrize(("body", "content_type"), NO_JSON)
def test_a_body_that_is_no_json_is_kept_for_a_person_byte_for_byte(
    source: Source, store: Any, body: bytes, content_type: str
) -> None:
    status, answer = source.post(body, Content_Type=content_type)
    assert (status, answer.get("quarantined"), answer.get("reason")) == (202, True, "no-json"), answer
    held = answer["quarantine_id"]
    original = source.asks("GET", f"/v1/quarantine/{held}/original?reason=case_work")[1]
    shown = original["body"].encode() if original["encoding"] == "utf-8" else b64decode(original["body"])
    assert shown == body
    assert source.decides(held, "replay")[0] == 422
    assert MARKER not in json.dumps([answer, list(on_record(store).find({"subject": held}))], default=str)


def test_json_under_another_media_type_is_read(source: Source) -> None:
    body = json.dumps(case("form/email-none")).encode()
    assert source.post(body, Content_Type="text/plain")[1]["quarantined"] is False


def test_what_holds_nothing_or_is_too_large_or_is_a_strangers_is_refused_as_before(
    source: Source, intake: ServiceProcess
) -> None:
    assert source.post(b"")[0] == 400
    assert source.post(b" \n")[0] == 400
    assert source.post(b"x" * (1024 * 1024 + 1))[0] == 413
    assert intake.request("POST", f"/v1/inbound/{source.id}", b"{", "no-key")[0] == 401
    assert source.waiting() == []


def test_a_canonical_report_that_is_no_json_is_refused_as_before(source: Source, intake: ServiceProcess) -> None:
    assert intake.request("POST", "/v1/reports", b'{"source_event_id": ', source.key)[0] == 400
    assert source.waiting() == []


def test_a_duty_officer_is_informed_once_of_a_body_and_the_notice_shows_nothing_of_it(source: Source, line: Line) -> None:
    body = {"_uuid": secrets.token_hex(4), **NOTHING_READABLE}
    assert source.held(body) == source.held(body)
    source.held({"_uuid": secrets.token_hex(4), **NOTHING_READABLE})
    seen = notices(line, source, 2)
    assert len(seen) == 2
    assert {each.data["urgency"] for each in seen} == {"high"}
    assert len({each.data["case_ref"] for each in seen}) == 1
    assert MARKER not in json.dumps([each.data for each in seen])


def test_what_a_mended_profile_reads_is_taken_in_once_and_the_form_posted_again_is_a_repeat(source: Source, store: Any) -> None:
    form = unmapped()
    held = source.held(form)
    status, answer = source.decides(held, "replay")
    assert (status, answer["type"].rsplit("/", 1)[-1]) == (422, "nothing-readable"), answer
    assert [each["quarantine_id"] for each in source.waiting()] == [held]
    source.is_read_by("repeat")
    status, receipt = source.decides(held, "replay")
    assert (status, receipt["duplicate"]) == (200, False), receipt
    assert source.waiting() == []
    assert store["parked"].find_one({"_id": held}).get("body") is None
    again = source.post(form)[1]
    assert (again["quarantined"], again["duplicate"], again["report_id"]) == (False, True, receipt["report_id"])
    assert source.decides(held, "replay")[0] == 409


@pytest.mark.parametrize("name", ["visit-7", None])
def test_a_body_without_an_id_of_its_own_makes_one_case_however_often_it_is_posted(
    source: Source, store: Any, name: str | None
) -> None:
    form = {key: value for key, value in unmapped().items() if key not in {"_uuid", "_id", "meta/rootUuid"}}
    held = source.held(form, name)
    source.is_read_by("repeat")
    report = source.decides(held, "replay")[1]["report_id"]
    status, again = source.post(form, name)
    if again["quarantined"]:  # without any name it cannot be known before somebody has looked
        again = source.decides(again["quarantine_id"], "replay")[1]
    assert (status, again["duplicate"], again["report_id"]) == (202, True, report)
    assert store["reports"].count_documents({"source_id": source.id}) == 1


def edited(form: dict[str, Any]) -> dict[str, Any]:
    """The form with something new in it, as a form tool posts an edit."""
    act = f"{form['incident/violation_type']} smear"
    return {**form, "meta/instanceID": "uuid:v2", "meta/deprecatedID": form["meta/rootUuid"], "incident/violation_type": act}


def rooted() -> dict[str, Any]:
    root = f"uuid:{secrets.token_hex(8)}"
    return {**case("form/email-none"), "meta/rootUuid": root, "meta/instanceID": root}


def test_an_edit_of_a_withdrawn_report_waits_for_an_operator_and_released_it_is_a_new_report(
    source: Source, intake: ServiceProcess, line: Line
) -> None:
    form = rooted()
    first = source.post(form)[1]
    assert intake.request("POST", f"/v1/reports/{first['report_id']}/withdraw", {}, source.key)[0] == 200
    assert source.post(form)[1]["duplicate"] is True, "the first version again is no news"
    held = source.held(edited(form))
    assert [(each["quarantine_id"], each["reason"]) for each in source.waiting()] == [(held, "withdrawn")]
    assert [each.data["urgency"] for each in notices(line, source)] == ["high"]
    status, receipt = source.decides(held, "replay")
    assert (status, receipt["duplicate"], receipt["withdrawn"]) == (200, False, False), receipt
    assert receipt["report_id"] != first["report_id"]
    again = source.post(edited(form))[1]
    assert (again["quarantined"], again["duplicate"], again["report_id"]) == (False, True, receipt["report_id"])


def test_a_form_with_other_content_under_a_known_id_is_kept_for_an_operator(source: Source) -> None:
    """Its tool does not post it again after an error, so it would be lost."""
    form = rooted()
    source.post(form)
    held = source.held({**form, "incident/violation_type": "smear"})
    assert [(each["quarantine_id"], each["reason"]) for each in source.waiting()] == [(held, "conflicting-repeat")]
    status, problem = source.decides(held, "replay")
    assert (status, problem["type"].rsplit("/", 1)[-1]) == (409, "conflicting-repeat")
    assert len(source.waiting()) == 1


def test_the_same_words_under_another_name_are_another_body(source: Source) -> None:
    assert source.held(NOTHING_READABLE, "one") != source.held(NOTHING_READABLE, "two")


def test_an_operator_reads_what_was_posted_and_that_is_audited_with_the_purpose(source: Source, store: Any) -> None:
    held = source.held({"_uuid": "read-me", **NOTHING_READABLE})
    path = f"/v1/quarantine/{held}/original"
    assert source.asks("GET", path)[0] == 422
    status, shown = source.asks("GET", f"{path}?reason=case_work")
    assert (status, json.loads(shown["body"])["person_name"]) == (200, MARKER)
    (read,) = on_record(store).find({"action": "quarantine.read", "subject": held})
    assert read["detail"] == {"reason": "case_work"}


def test_a_dismissed_body_is_destroyed_and_comes_back_as_news_when_it_is_posted_again(
    source: Source, store: Any, line: Line
) -> None:
    held = source.held(NOTHING_READABLE)
    notices(line, source)
    assert source.decides(held, "dismiss")[0] == 204
    assert store["parked"].find_one({"_id": held}).get("body") is None
    assert source.asks("GET", f"/v1/quarantine/{held}/original?reason=case_work")[0] == 409
    assert source.held(NOTHING_READABLE) == held
    assert notices(line, source)


def test_a_source_whose_bodies_fill_its_part_is_refused_clearly_and_an_officer_is_asked_once_and_no_other_source_is_held_up(
    narrow: ServiceProcess, world: World, line: Line
) -> None:
    flooding, other = Source(narrow, world), Source(narrow, world)
    held = [flooding.held({"number": number}) for number in range(MOST)]
    narrow.answers = []
    for number in range(MOST, MOST + 5):
        status, problem = flooding.post({"number": number})
        assert (status, problem["type"].rsplit("/", 1)[-1]) == (429, "quarantine-full"), problem
    assert all(b"'Retry-After', '600'" in each for each in narrow.answers)
    narrow.answers = None
    assert flooding.held({"number": 0}) == held[0], "what is kept already is acknowledged again"
    assert flooding.post(case("form/email-none"))[1]["quarantined"] is False, "a report that can be read is taken"
    assert other.held({"number": 0})
    assert [each.data["urgency"] for each in notices(line, flooding, of=FILLED)] == ["high"]
    assert len(flooding.waiting()) == MOST
    assert flooding.decides(held[0], "dismiss")[0] == 204
    assert flooding.held({"number": MOST})
    assert line.take(f"notify.{FILLED}") == []


def test_bytes_fill_it_too(narrow: ServiceProcess, world: World) -> None:
    source = Source(narrow, world)
    assert source.held({"words": "x" * MOST_BYTES})
    assert source.post({"words": "y"})[0] == 429


def test_what_waits_is_measured(source: Source, intake: ServiceProcess) -> None:
    source.held(NOTHING_READABLE)

    def measured() -> bool:
        page = Page(intake.request("GET", "/metrics")[1].decode())
        return page.value("ngao_intake_quarantine") >= 1 and page.value("ngao_intake_quarantine_seconds") > 0

    eventually(measured, what="the gauges of the quarantine")


def test_the_general_operations_on_parked_messages_are_no_second_way_to_it(source: Source) -> None:
    held = source.held(NOTHING_READABLE)
    listed = source.asks("GET", "/v1/parked?state=all&limit=500")[1]["parked"]
    assert held not in {each["id"] for each in listed}
    for path in (f"/v1/parked/{held}/replay", f"/v1/parked/{held}/drop"):
        assert source.asks("POST", path, {"reason": "by the other way"})[0] == 404
    assert source.asks("GET", f"/v1/parked/{held}")[0] == 404


@pytest.mark.parametrize("query", ["state=parked", "limit=0", "limit=501", "limit=0001000", "limit=many", "colour=red"])
def test_a_question_that_cannot_be_answered_is_refused(source: Source, query: str) -> None:
    assert source.asks("GET", f"/v1/quarantine?{query}")[0] == 400
