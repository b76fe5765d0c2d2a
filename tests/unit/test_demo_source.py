"""The demonstration's source: its reports are sound, and what it says of them holds nothing of their content."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from ngao.client import Refused, SourceClient, Unreachable
from ngao.client import account as accounts
from ngao.client.source import event_of
from ngao.local.demo.source import bodies, send

ACCOUNT: dict[str, Any] = {"source_id": "demo-source"}


class Answering(SourceClient):
    """A client whose platform says what the test wants."""

    def __init__(self, says: Exception | None = None) -> None:
        super().__init__(accounts.from_mapping(ACCOUNT, "source", base=Path("/nowhere")))
        self._says = says

    def post(self, report: Any) -> dict[str, Any]:
        if self._says:
            raise self._says
        return {"case_ref": "NG-0000000000", "urgency": "high", "source_event_id": report["source_event_id"]}

    def publish(self, report: Any) -> str:
        return f"of {report['source_event_id']}"


def test_its_reports_are_sound_and_each_has_an_id_of_its_own() -> None:
    some = list(islice(bodies(), 12))
    account = accounts.from_mapping(ACCOUNT, "source", base=Path("/nowhere"))
    assert [event_of(account, body).data["source_event_id"] for body in some] == [body["source_event_id"] for body in some]
    assert len({body["source_event_id"] for body in (*some, next(bodies()))}) == len(some) + 1


def test_what_it_says_of_a_report_holds_nothing_of_it() -> None:
    body = next(bodies())
    known = {"by": "http", "source_event_id": body["source_event_id"]}
    assert send(Answering(), body, "http") == {**known, "hop": "posted", "case_ref": "NG-0000000000", "urgency": "high"}
    over_amqp = {**known, "by": "amqp", "hop": "posted", "message_id": f"of {body['source_event_id']}"}
    assert send(Answering(), body, "amqp") == over_amqp


def test_what_fails_is_said_and_the_next_one_comes() -> None:
    body = next(bodies())
    assert send(Answering(Refused("no", status=422)), body, "http")["hop"] == "refused"
    assert send(Answering(Unreachable("gone")), body, "http")["hop"] == "unreachable"
