"""What an event about a later word means to referral."""

from __future__ import annotations

from typing import Any

from ngao.contracts import Event, make
from services.referral.cases.changes import Kind
from services.referral.cases.follow import follow_report, follow_update
from services.referral.cases.model import Case
from services.referral.cases.settle_need import settle_need
from tests.support.referral import START, Office, office, payload_of

KNOWN = {
    "report_id": "r1", "case_ref": "NG-1", "urgency": "high", "policy_version": "p", "needs": ["legal_aid"], "consent": [],
    "has_narrative": False,
}  # fmt: skip


def updated(**more: object) -> Event:
    return make("intake.report.updated.v1", subject="NG-1", data={**KNOWN, **more}, time=START)


def accepted() -> Event:
    more = {"source_id": "forms", "received_at": START, "occurred_at": START, "county": "KE-30", "languages": ["sw"]}
    return make("intake.report.accepted.v1", subject="NG-1", data={**KNOWN, **more}, time=START)


def hear(made: Office, event: Event) -> Case:
    use_case: Any = follow_report if "accepted" in event.type else follow_update
    use_case(made.ctx(), payload_of(event), event)
    return made.case()


def reported() -> Office:
    made = office()
    hear(made, accepted())
    return made


def test_the_county_is_the_one_last_known() -> None:
    moved = hear(reported(), updated(county="KE-28")).report
    silent = hear(reported(), updated()).report
    assert moved
    assert silent
    assert (moved.county, silent.county, moved.languages) == ("KE-28", "KE-30", ("sw",))


def settled() -> Office:
    """A case whose two needs are settled, one after the other."""
    made = reported()
    hear(made, updated(needs=["legal_aid", "medical"]))
    for need in ("legal_aid", "medical"):
        settle_need(made.ctx("asha"), {"reason": "met"}, "NG-1", need)
    return made


def asked_again(made: Office) -> list[tuple[str, ...]]:
    return [news.needs for _, news in made.cases.changes if news.kind is Kind.REOPENED]


def test_what_is_new_and_what_new_acts_ask_for_are_read() -> None:
    made = reported()
    hear(made, updated(needs=["legal_aid", "medical"]))
    settle_need(made.ctx("asha"), {"reason": "met"}, "NG-1", "medical")
    hear(made, updated(needs=["legal_aid", "medical"], news=["violations"], needs_again=["medical"]))
    assert asked_again(made) == [("medical",)]


def test_an_event_of_an_older_version_names_neither() -> None:
    made = settled()
    hear(made, updated(needs=["legal_aid", "medical"]))
    assert asked_again(made) == []
