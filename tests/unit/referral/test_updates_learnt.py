"""What an event about a later word means to referral."""

from __future__ import annotations

from dataclasses import replace

from ngao.contracts import Event, make, open_event
from services.referral.messages import report_of, update_of
from tests.unit.referral.desk import START

KNOWN = {
    "report_id": "r1", "case_ref": "NG-1", "urgency": "high", "policy_version": "p", "needs": ["legal_aid"], "consent": [],
    "has_narrative": False,
}  # fmt: skip


def updated(**more: object) -> Event:
    return make("intake.report.updated.v1", subject="NG-1", data={**KNOWN, **more}, time=START)


def accepted() -> Event:
    more = {"source_id": "forms", "received_at": START, "occurred_at": START, "county": "KE-30", "languages": ["sw"]}
    return make("intake.report.accepted.v1", subject="NG-1", data={**KNOWN, **more}, time=START)


def loaded(event: Event) -> Event:
    return replace(event, data=open_event(event))


def test_the_county_is_the_one_last_known() -> None:
    report, _ = report_of(loaded(accepted()))
    moved, _, _ = update_of(loaded(updated(county="KE-28")))
    silent, _, _ = update_of(loaded(updated()))
    assert (moved.county, silent.county) == ("KE-28", "")
    assert report.merged(moved).county == "KE-28"
    assert report.merged(silent).county == "KE-30"
    assert report.merged(moved).languages == ("sw",)


def test_what_is_new_and_what_new_acts_ask_for_are_read() -> None:
    _, _, changed = update_of(loaded(updated(news=["violations"], needs_again=["medical"])))
    assert (changed.parts, changed.needs_again) == (frozenset({"violations"}), ("medical",))


def test_an_event_of_an_older_version_names_neither() -> None:
    _, _, changed = update_of(loaded(updated()))
    assert (changed.parts, changed.needs_again) == (frozenset(), ())
