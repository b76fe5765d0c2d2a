"""A report that no case was opened for, because a broker lost it on the way: intake tells it again, and only it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ngao.contracts import Event, decode, make
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.intake import NEWS, report

STORE_OF = "intake"

ACCEPTED = NEWS[0]


class Hearing:
    """Everything a subscriber's queues have brought so far."""

    def __init__(self, line: Line, service: str) -> None:
        self._line = line
        self._queues = [f"{service}.{ACCEPTED}{urgent}" for urgent in ("", ".urgent")]
        self.events: list[Event] = []

    def of(self, case_ref: str) -> list[Event]:
        for queue in self._queues:
            self.events += [decode(body) for _, body in self._line.take(queue)]
        return [event for event in self.events if event.subject == case_ref]


def posted(intake: ServiceProcess, key: str) -> str:
    status, receipt = intake.request("POST", "/v1/reports", report(), key)
    assert status == 202, receipt
    return str(receipt["case_ref"])


def is_due(store: Any, case_ref: str) -> None:
    """As if the report had come some time ago."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    waiting = {"case_ref": case_ref, "tell_again_at": {"$exists": True}}
    changed = store.reports.update_one(waiting, {"$set": {"tell_again_at": past}})
    assert changed.matched_count == 1


def told_again(store: Any, case_ref: str) -> int:
    return int(on_record(store).count_documents({"subject": case_ref, "action": "report.told_again"}))


def test_what_one_of_two_subscribers_has_lost_comes_again_with_the_same_id(
    intake: ServiceProcess, key: str, line: Line, store: Any
) -> None:
    registry, referral = Hearing(line, "registry"), Hearing(line, "referral")
    keys = [(f"referral.{ACCEPTED}{urgent}", f"{word}.{ACCEPTED}") for urgent, word in (("", "routine"), (".urgent", "urgent"))]
    for queue, routing_key in keys:
        line.unbind(queue, "events", routing_key)
    case_ref = posted(intake, key)
    eventually(lambda: registry.of(case_ref), what="the registry to hear of the report")
    for queue, routing_key in keys:
        line.bind(queue, "events", routing_key)
    assert referral.of(case_ref) == []
    is_due(store, case_ref)
    eventually(lambda: referral.of(case_ref), within=30, what="referral to hear of the report")
    assert len({event.id for event in (*registry.of(case_ref), *referral.of(case_ref))}) == 1


def test_it_stands_in_the_audit_that_it_was_told_again(intake: ServiceProcess, key: str, store: Any) -> None:
    case_ref = posted(intake, key)
    is_due(store, case_ref)
    eventually(lambda: told_again(store, case_ref), within=30, what="an entry")


def test_a_report_whose_case_is_opened_is_told_no_more(intake: ServiceProcess, key: str, line: Line, store: Any) -> None:
    case_ref, later = posted(intake, key), posted(intake, key)
    opened = {"case_ref": case_ref, "urgency": "routine", "needs": ["legal_aid"], "county": "KE-30"}
    line.publish(make("referral.case.opened.v1", subject=case_ref, data=opened))
    eventually(lambda: store.reports.find_one({"case_ref": case_ref})["story"], what="intake to hear that the case is opened")
    store.reports.update_one({"case_ref": case_ref}, {"$set": {"received_at": datetime.now(UTC) - timedelta(hours=2)}})
    is_due(store, later)
    eventually(lambda: told_again(store, later), within=30, what="a turn")
    assert told_again(store, case_ref) == 0
