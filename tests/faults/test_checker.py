"""The checker itself: silent on a good history, and loud on each kind of lie."""

# ruff: noqa: ARG005  # some lies need nothing of the good history

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.engine.checker import Verdict, check
from tests.faults.engine.facts import Facts, Limits

REF, OFFER, KEY = "NG-1", "offer-1", "key-1"


def op(kind: str, f: str = "post", at: float = 1.0, **values: Any) -> dict[str, Any]:
    return {"type": kind, "f": f, "at": at, "key": KEY, "critical": False, "took": 0.1, "status": 202, **values}


def heard(what: str, event: str, **values: Any) -> dict[str, Any]:
    return {"type": "ok", "f": "heard", "at": 2.0, "what": what, "event": event, "case_ref": REF, "offer_id": OFFER, **values}


def offer(**values: Any) -> dict[str, Any]:
    return {"id": OFFER, "need": "legal_aid", "partner": "p", "state": "accepted", "accepted": True, **values}


def case(**values: Any) -> dict[str, Any]:
    needs = [{"name": "legal_aid", "state": "placed"}]
    return {"case_ref": REF, "life": "open", "known": True, "needs": needs, "offers": [offer()], **values}


def hop(what: str, **values: Any) -> dict[str, Any]:
    return {"case_ref": REF, "what": what, "offer_id": OFFER, "need": "legal_aid", "reason": "", **values}


def report(**values: Any) -> dict[str, Any]:
    story = [{"what": f"referral.{what}", "offer_id": OFFER, "need": "legal_aid"} for what in ("offered", "accepted")]
    return {"key": KEY, "case_ref": REF, "urgency": "medium", "withdrawn": False, "story": story, **values}


def good() -> Facts:
    """One report that was accepted, offered, taken and disclosed."""
    events = (
        "referral.offered.v1", "referral.accepted.v1", "registry.contact.disclosed.v1", "intake.narrative.disclosed.v1",
    )  # fmt: skip
    return Facts(
        source_id="s",
        ops=[op("invoke"), op("ok", at=1.1, case_ref=REF)],
        heard=[heard(what, f"event-{at}") for at, what in enumerate(events)],
        reports=[report()],
        cases=[case()],
        story=[hop("offered"), hop("accepted")],
        resolved=[REF],
        disclosures=[{"offer_id": OFFER}],
        messages=[{"cause": "event-0", "recipient": "partner:p", "template": "t", "position": 0, "state": "sent"}],
        audits={"intake": True},
    )


def seen(*states: str) -> list[dict[str, Any]]:
    return [{"id": OFFER, "state": state, "at": at} for at, state in enumerate(states)]


def without(facts: Facts, what: str) -> list[Any]:
    return [line for line in facts.heard if line["what"] != what]


def test_a_good_history_is_good() -> None:
    verdict = check(good())
    assert (verdict.violations, verdict.asked, verdict.accepted, verdict.recovered) == ([], 1, 1, 0)
    assert verdict.stable == [pytest.approx(0.9)]


LIES: dict[str, tuple[str, str, Callable[[Facts], dict[str, Any]]]] = {
    "accepted and not stored": ("I1", "lost", lambda f: {"reports": [], "cases": [], "story": [], "resolved": [], "heard": []}),
    "told of another case": ("I1", "lost", lambda f: {"ops": [*f.ops, op("ok", case_ref="NG-2")][::-1]}),
    "stored and never a case": ("I1", "lost", lambda f: {"cases": [], "heard": [], "story": [], "reports": [report(story=[])]}),
    "an opening that intake never heard of": (
        "I3", "lost", lambda f: {"story": [*f.story, hop("case.opened", offer_id="", need="")]}
    ),
    "a partner's desk that was not written to": ("I1", "lost", lambda f: {"messages": []}),
    "a closed case that never heard of its report": ("I1", "lost", lambda f: {"cases": [case(known=False, life="closed")]}),
    "a case that never heard of its report": ("I1", "lost", lambda f: {"cases": [case(known=False)]}),
    "a need nobody looked at": (
        "I1", "lost", lambda f: {"cases": [case(needs=[*case()["needs"], {"name": "medical", "state": "pending"}])]}),
    "a need placed with nobody": (
        "I1", "lost", lambda f: {"cases": [case(needs=[*case()["needs"], {"name": "medical", "state": "placed"}])]}),
    "an offer that no partner got": ("I1", "lost", lambda f: {"heard": without(f, "referral.offered.v1")}),
    "an acceptance without its confirmation": ("I1", "lost", lambda f: {"heard": without(f, "referral.accepted.v1")}),
    "an acceptance without its narrative": ("I1", "lost", lambda f: {"heard": without(f, "intake.narrative.disclosed.v1")}),
    "a registry that heard of no acceptance": ("I1", "lost", lambda f: {"disclosures": []}),
    "a registry that heard of no report": ("I1", "lost", lambda f: {"resolved": []}),
    "intake that missed a step": ("I3", "lost", lambda f: {"story": [*f.story, hop("started")]}),
    "intake that heard of a step that never was": ("I3", "unexpected", lambda f: {"story": f.story[:1]}),
    "two reports under one key": ("I2", "duplicated", lambda f: {"reports": [*f.reports, report(case_ref=REF)]}),
    "two live offers": ("I2", "duplicated", lambda f: {"cases": [case(offers=[offer(), offer(id="offer-2", accepted=False)])]}),
    "a step that took effect twice": ("I2", "duplicated", lambda f: {"story": [*f.story, hop("offered")]}),
    "an offer said twice": ("I2", "duplicated", lambda f: {"heard": [*f.heard, heard("referral.offered.v1", "event-9")]}),
    "a contact told twice": ("I2", "duplicated", lambda f: {
        "heard": [*f.heard, heard("registry.contact.disclosed.v1", "event-9")]}),
    "two letters for one cause": ("I2", "duplicated", lambda f: {"messages": f.messages * 2}),
    "messages sent again without a cause": ("I2", "duplicated", lambda f: {
        "limits": Limits(wire_repeats=0),
        "heard": [*f.heard, *[{"type": "ok", "f": "wire", "at": 2.0, "event": "event-0", "what": "x"}] * 2]}),
    "a report from nowhere": ("I3", "unexpected", lambda f: {"ops": []}),
    "a ghost": ("I3", "unexpected", lambda f: {"ghosts": ["NG-9"]}),
    "an offer heard that is not stored": (
        "I3", "unexpected", lambda f: {"heard": [*f.heard, heard("referral.offered.v1", "event-9", offer_id="offer-9")]}),
    "an answer that took too long": ("I4", "broken", lambda f: {"ops": [*f.ops, op("info", took=7.0, status=0)]}),
    "an answer that is a bug's": ("I4", "unexpected", lambda f: {"ops": [*f.ops, op("info", status=500)]}),
    "a refusal of something sound": ("I4", "unexpected", lambda f: {"ops": [*f.ops, op("fail", status=409)]}),
    "a rejection of something sound": ("I4", "unexpected", lambda f: {
        "ops": [*f.ops, op("ok", "receipt", what="intake.report.rejected.v1", reason="r")]}),
    "events that wait for ever": ("I4", "broken", lambda f: {"outbox": {"intake": 1}}),
    "messages that wait for ever": ("I4", "broken", lambda f: {"queues": {"q": 1}}),
    "never quiet": ("I4", "broken", lambda f: {"quiet_after": None}),
    "parked though sound": ("I4", "unexpected", lambda f: {"parked": [{"service": "s", "queue": "q", "reason": "r"}]}),
    "an offer that went back": ("I5", "broken", lambda f: {"watched": seen("offered", "accepted", "received")}),
    "an offer that came back from its end": ("I5", "broken", lambda f: {"watched": seen("declined", "offered")}),
    "a case that was opened again": ("I5", "broken", lambda f: {"watched": seen("open", "closed", "open")}),
    "withdrawn and still offered": ("I5", "broken", lambda f: {"ops": [*f.ops, op("ok", "withdraw", case_ref=REF)]}),
    "an audit that was changed": ("I7", "broken", lambda f: {"audits": {"intake": False}}),
}  # fmt: skip


def judged(lie: Callable[[Facts], dict[str, Any]]) -> Verdict:
    facts = good()
    return check(replace(facts, **lie(facts)))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(lie: str) -> None:
    invariant, counts, change = LIES[lie]
    found = judged(change).violations
    assert (invariant, counts) in {(each.invariant, each.counts) for each in found}, found


def test_a_report_that_was_taken_back_before_referral_heard_of_it_may_end_unheard() -> None:
    gone = [case(known=False, life="closed", needs=[], offers=[])]
    facts = replace(good(), reports=[report(withdrawn=True, story=[])], cases=gone, story=[], heard=[], messages=[])
    assert check(facts).good


def test_an_unknown_outcome_may_be_there_once_or_not_at_all() -> None:
    facts = good()
    unknown = [op("invoke"), op("info", status=0)]
    there = check(replace(facts, ops=unknown))
    assert (there.good, there.recovered, there.accepted) == (True, 1, 0)
    gone = check(Facts("s", unknown, [], [], [], [], [], [], []))
    assert (gone.good, gone.recovered) == (True, 0)


def test_a_frozen_process_may_answer_late() -> None:
    facts = good()
    late = [*facts.ops, op("info", took=7.0, status=0)]
    assert check(replace(facts, ops=late, limits=Limits(answers_within=None))).good


def test_urgent_ones_that_waited_come_first() -> None:
    """40 routine reports and a critical one were accepted during the fault; the critical one is offered last."""
    facts, many = good(), 41
    keys = [f"key-{at}" for at in range(many)]
    ops = [op(kind, key=key, critical=key == keys[-1]) for key in keys for kind in ("invoke", "ok")]
    reports = [report(key=key, case_ref=f"NG-{key}", story=[]) for key in keys]
    cases = [case(case_ref=f"NG-{key}", offers=[offer(id=f"o-{key}", accepted=False)]) for key in keys]
    offered = [heard("referral.offered.v1", f"e-{key}", case_ref=f"NG-{key}", offer_id=f"o-{key}", at=10.0 + at)
               for at, key in enumerate(keys)]  # fmt: skip
    changed = replace(
        facts, ops=ops, reports=reports, cases=cases, heard=offered, story=[], healed_at=5.0,
        resolved=[each["case_ref"] for each in reports], disclosures=[],
        messages=[{**facts.messages[0], "cause": each["event"]} for each in offered],
    )  # fmt: skip
    assert check(changed).invariants() == []
    assert check(replace(changed, limits=Limits(urgent_behind=39))).invariants() == ["I8"]
