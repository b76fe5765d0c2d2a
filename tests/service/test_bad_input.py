"""What bad input gets: one table, over HTTP, over AMQP, and in a box that a source sealed.

Over HTTP it is a problem document that names the fields. Over AMQP the message is parked with the reason, and its source hears
the same fields. Nothing repeats a value, and nobody else's request is disturbed meanwhile.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from ngao.contracts import CONTENT_TYPE
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import SUBMITTED, AmqpSource, SealingSource, anonymous, onboard

JSON = "application/json"
MARKER = f"zawadi_{secrets.token_hex(6)}"
MALFORMED = (400, "malformed-json", "undecodable")
INVALID = (422, "invalid-input", "invalid-input")
CONTRACT = (422, "invalid-content", "invalid-content")


@dataclass(frozen=True)
class Bad:
    """One kind of bad input: what is sent; the HTTP status and slug, and the reason over AMQP; the broken fields by code."""

    name: str
    body: bytes
    gets: tuple[int, str, str]
    errors: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON


def said(**changes: Any) -> bytes:
    """A report that is good but for the changes."""
    return json.dumps({**anonymous(), **changes}).encode()


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in anonymous(narrative=MARKER).items() if name not in names}).encode()


def event(**changes: Any) -> bytes:
    good = {"specversion": "1.0", "id": secrets.token_hex(4), "source": "/forms", "type": SUBMITTED, "data": anonymous()}
    return json.dumps({**good, **changes}).encode()


def person(**identity: Any) -> dict[str, Any]:
    return {"identity": {"names": [MARKER], **identity}}


BAD = (
    Bad("nothing", b"", MALFORMED),
    Bad("malformed JSON", b'{"narrative": "' + MARKER.encode() + b'", ', MALFORMED),
    Bad("not JSON at all", f"name={MARKER}".encode(), MALFORMED),
    Bad("invalid UTF-8", b'{"narrative": "' + MARKER.encode() + b' \xff\xfe"}', MALFORMED),
    Bad("half a character", f'{{"narrative": "{MARKER} \\ud800"}}'.encode(), MALFORMED),
    Bad("a name twice", f'{{"narrative": "{MARKER}", "narrative": "{MARKER}"}}'.encode(), MALFORMED),
    Bad("not a number", f'{{"narrative": "{MARKER}", "x": NaN}}'.encode(), MALFORMED),
    Bad("deep nesting", f'{{"narrative": "{MARKER}", "x": {"[" * 5000}{"]" * 5000}}}'.encode(), MALFORMED),
    Bad("a text instead of a report", json.dumps(MARKER).encode(), INVALID, {"": "wrong_type"}),
    Bad("a list instead of a report", json.dumps([MARKER]).encode(), INVALID, {"": "wrong_type"}),
    Bad("an unknown field", said(surname=MARKER), INVALID, {"/surname": "unknown_field"}),
    Bad("an unknown field named like a person", said(**{f"{MARKER} +254 700 000 000": 1}), INVALID, {"/?": "unknown_field"}),
    Bad("a text where a list belongs", said(violations=MARKER), INVALID, {"/violations": "wrong_type"}),
    Bad("a list where a text belongs", said(narrative=[MARKER]), INVALID, {"/narrative": "wrong_type"}),
    Bad("an object where a text belongs", said(subject=person(phones=[{"a": MARKER}])), INVALID,
        {"/subject/identity/phones/0": "wrong_type"}),
    Bad("an unknown violation", said(violations=[{"type": MARKER}]), INVALID, {"/violations/0/type": "unknown_code"}),
    Bad("an unknown need", said(needs=[MARKER]), INVALID, {"/needs/0": "unknown_code"}),
    Bad("an unknown role", said(reporter={"role": MARKER}), INVALID, {"/reporter/role": "unknown_code"}),
    Bad("an unknown county", said(location={"scheme": "iso3166-2", "code": "KE-99"}, narrative=MARKER), INVALID,
        {"/location/code": "unknown_code"}),
    Bad("no mail address", said(subject=person(emails=[MARKER])), INVALID, {"/subject/identity/emails/0": "wrong_type"}),
    Bad("no moment", said(occurred_at=MARKER), INVALID, {"/occurred_at": "wrong_type"}),
    Bad("missing fields", without("violations", "location"), INVALID, {"/violations": "required", "/location": "required"}),
    Bad("a field that is too long", said(narrative=MARKER * 4000), INVALID, {"/narrative": "length"}),
    Bad("several at once", said(reporter={"role": MARKER}, surname=MARKER, narrative={"a": MARKER}), INVALID,
        {"/reporter/role": "unknown_code", "/surname": "unknown_field", "/narrative": "wrong_type"}),
    Bad("a wrong content type", f"<report>{MARKER}</report>".encode(), (415, "unsupported-media-type", "unsupported-media-type"),
        content_type="text/xml"),
    Bad("an oversized body", said(narrative=MARKER * 90_000), (413, "too-large", "too-large")),
    Bad("an event of another type", event(type=f"{MARKER}.v1"), CONTRACT, {"/type": "unknown_code"}, CONTENT_TYPE),
    Bad("an event without an id", event(id="", source=""), CONTRACT, {"/id": "required", "/source": "required"}, CONTENT_TYPE),
    Bad("an event with a broken report", event(data=anonymous(needs=[MARKER])), INVALID, {"/data/needs/0": "unknown_code"},
        CONTENT_TYPE),
)  # fmt: skip
IN_A_BOX = tuple(each for each in BAD if each.content_type == JSON and each.gets[0] != 413)


def names(bad: Bad) -> str:
    return bad.name.replace(" ", "-")


@pytest.fixture(scope="module")
def amqp(intake: ServiceProcess, world: World) -> Iterator[AmqpSource]:
    made = AmqpSource(world, f"sms-{secrets.token_hex(4)}")
    onboard(intake, world, made.id)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sealing(intake: ServiceProcess, world: World) -> Iterator[SealingSource]:
    amqp = AmqpSource(world, f"desk-{secrets.token_hex(4)}")
    yield SealingSource(intake, world, amqp)
    amqp.close()


@pytest.fixture(autouse=True)
def undisturbed(intake: ServiceProcess, key: str) -> Iterator[None]:
    """Good reports before, while and after the bad one is dealt with; and what the service prints never holds the marker."""

    def post(_: int) -> int:
        return intake.request("POST", "/v1/reports", anonymous(), key)[0]

    with ThreadPoolExecutor(2) as pool:
        good = pool.map(post, range(4))
        yield
        assert list(good) == [202] * 4
    assert MARKER not in intake.log.read_text()


@pytest.mark.parametrize("bad", BAD, ids=names)
def test_over_http_bad_input_gets_a_problem_that_names_it(intake: ServiceProcess, key: str, bad: Bad) -> None:
    status, problem = intake.request("POST", "/v1/reports", bad.body, key, Content_Type=bad.content_type)
    assert (status, problem["type"].rpartition("/")[2], problem["status"]) == (bad.gets[0], bad.gets[1], bad.gets[0])
    assert {each["pointer"]: each["code"] for each in problem.get("errors", [])} == bad.errors
    assert MARKER not in str(problem)


@pytest.mark.parametrize("bad", BAD, ids=names)
def test_over_amqp_bad_input_is_parked_and_its_source_told(
    intake: ServiceProcess, world: World, amqp: AmqpSource, bad: Bad
) -> None:
    is_told_and_parked(intake, world, amqp, bad, lambda: amqp.post(bad.body, bad.content_type))


@pytest.mark.parametrize("bad", IN_A_BOX, ids=names)
def test_in_a_sealed_box_bad_input_is_parked_and_its_source_told(
    intake: ServiceProcess, world: World, sealing: SealingSource, bad: Bad
) -> None:
    is_told_and_parked(intake, world, sealing._amqp, bad, lambda: sealing.post_box(bad.body))


def is_told_and_parked(intake: ServiceProcess, world: World, amqp: AmqpSource, bad: Bad, send: Callable[[], None]) -> None:
    known = parked(intake, world)
    send()
    kind, told = amqp.answer()
    assert (kind, told["reason"]) == ("intake.report.rejected.v1", bad.gets[2])
    assert {each["pointer"]: each["code"] for each in told["errors"]} == bad.errors
    fresh = eventually(
        lambda: {name: entry for name, entry in parked(intake, world).items() if name not in known},
        what="it to stand parked",
    )
    (entry,) = fresh.values()
    assert (entry["reason"], entry["queue"], entry["state"]) == (bad.gets[2], "intake.reports", "parked")
    assert {each["pointer"]: each["code"] for each in entry["errors"]} == bad.errors
    assert MARKER not in f"{told} {entry}"


def parked(intake: ServiceProcess, world: World) -> dict[str, dict[str, Any]]:
    listed = intake.request("GET", "/v1/parked?limit=500", None, world.operator_key)[1]["parked"]
    return {each["id"]: each for each in listed}


def test_a_batch_answers_each_bad_item_by_itself(intake: ServiceProcess, key: str) -> None:
    lines = [each for each in IN_A_BOX if each.body]
    body = b"\n".join([said(), *(each.body for each in lines), said()])
    status, answer = intake.request("POST", "/v1/reports", body, key, Content_Type="application/x-ndjson")
    assert status == 202
    results = answer["results"]
    assert [each["status"] for each in results] == [202, *(each.gets[0] for each in lines), 202]
    named = [{error["pointer"]: error["code"] for error in each["problem"].get("errors", [])} for each in results[1:-1]]
    assert named == [each.errors for each in lines]
    assert MARKER not in str(answer)


def test_an_oversized_batch_is_refused_whole(intake: ServiceProcess, key: str) -> None:
    body = b"\n".join([said(narrative=MARKER)] * 501)
    status, problem = intake.request("POST", "/v1/reports", body, key, Content_Type="application/x-ndjson")
    assert (status, problem["type"].rpartition("/")[2]) == (422, "batch-size")
    assert MARKER not in str(problem)


def test_no_key_an_unknown_one_and_a_wrong_one_get_the_same_answer(intake: ServiceProcess, key: str) -> None:
    secret = key.rpartition("_")[2]
    wrong = [
        None, f"ngao_source_forms_{'x' * 43}", f"ngao_source_nobody_{secret}", f"ngao_operator_forms_{secret}", MARKER,
        f"ngao_source_forms_{MARKER}", f"{key}x",
    ]  # fmt: skip
    answers = [intake.request("POST", "/v1/reports", said(narrative=MARKER), each) for each in wrong]
    assert {status for status, _ in answers} == {401}
    assert len({json.dumps(problem, sort_keys=True) for _, problem in answers}) == 1
    assert MARKER not in str(answers)
