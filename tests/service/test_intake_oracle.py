"""Law 10 over HTTP and AMQP: another source's reports change nothing in what a source is answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.contracts import decode
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import NEWS, AmqpSource, heard, onboard, report

THREAT = [{"type": "death_threat_to_defender"}]


def about(phone: str, **changes: Any) -> dict[str, Any]:
    return report(subject={"identity": {"phones": [phone]}}, violations=THREAT, **changes)


def fresh_phone() -> str:
    return f"+2547{secrets.randbelow(10**8):08d}"


@pytest.fixture(scope="module")
def prober(intake: ServiceProcess, world: World) -> str:
    return onboard(intake, world, "prober")


@pytest.fixture
def known(intake: ServiceProcess, key: str) -> str:
    """The phone of somebody whom another source has reported about, four times."""
    phone = fresh_phone()
    for _ in range(4):
        assert intake.request("POST", "/v1/reports", about(phone), key)[0] == 202
    return phone


def test_validating_does_not_show_who_is_known(intake: ServiceProcess, prober: str, known: str) -> None:
    asked, unknown = (intake.request("POST", "/v1/reports/validate", about(each), prober) for each in (known, fresh_phone()))
    assert asked[0] == 200
    assert asked == unknown


def test_posting_does_not_show_who_is_known_and_those_who_help_see_it(
    intake: ServiceProcess, prober: str, known: str, line: Line
) -> None:
    answers = [intake.request("POST", "/v1/reports", about(phone), prober)[1] for phone in (known, fresh_phone())]
    shown = [intake.request("GET", f"/v1/reports/{each['report_id']}", None, prober)[1] for each in answers]
    own = {"report_id", "case_ref", "source_event_id", "received_at"}
    assert answers[0]["urgency"] == answers[1]["urgency"]
    first, second = ({name: value for name, value in each.items() if name not in own} for each in shown)
    assert first == second
    inside = heard(line, NEWS[0], answers[0]["case_ref"])
    assert inside["urgency"] == "critical"


@pytest.fixture
def amqp_source(world: World) -> Iterator[AmqpSource]:
    made = AmqpSource(world, f"probe-{secrets.token_hex(4)}")
    yield made
    made.close()


def test_a_receipt_over_amqp_shows_neither_urgency_nor_count_of_what_is_known(
    intake: ServiceProcess, world: World, known: str, amqp_source: AmqpSource
) -> None:
    onboard(intake, world, amqp_source.id)
    receipts = []
    for phone in (known, fresh_phone()):
        amqp_source.post(about(phone))
        body = eventually(lambda: amqp_source._line.take(amqp_source.results), what="a receipt")[0][1]
        assert decode(body).sequence is None
        receipts.append(json.loads(body))
    assert receipts[0]["data"]["urgency"] == receipts[1]["data"]["urgency"]
    assert [set(each) for each in receipts[:1]] == [set(each) for each in receipts[1:]]
