"""Disclosures of one offer arrive in any order; the last one by its sequence counts, for the offer and for the catch-up."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from ngao.contracts import make
from services.referral.offers.handle_reply import handle_reply
from services.referral.offers.model import Reply, Verb
from services.referral.offers.note_disclosure import note_disclosure
from tests.support.referral import Office, apply_defender, consent, defender, follow_report, office, partner, payload_of, report

REF = "NG-1"
SERVICE = {"contact": "registry", "narrative": "intake"}


def at_work() -> Office:
    made = office(partner("a"))
    follow_report(made.ctx(), REF, report(), [consent()])
    apply_defender(made.ctx(), REF, defender())
    handle_reply(made.ctx(), "a", Reply(made.case().offers[0].id, Verb.ACCEPT), keep_early=True)
    return made


def note(made: Office, part: str, answer: str, sequence: int | None) -> None:
    more = {"reason": "not_safe", "recalled": True} if answer == "withheld" else {"key_id": "k", "box": "b"}
    told = {"case_ref": REF, "offer_id": made.case().offers[0].id, "partner_id": "a", **more}
    event = make(f"{SERVICE[part]}.{part}.{answer}.v1", subject=REF, data=told, partner_id="a")
    note_disclosure(made.ctx(), payload_of(event), replace(event, sequence=sequence))


def caught_up(made: Office) -> list[tuple[str, int]]:
    """The answers that the partner finds in its catch-up, with their sequence."""
    found = [event for _, event in made.ctx().partner_log.after("a", 0, 100)]
    answers = (event for event in found if "box" in event["data"] or "recalled" in event["data"])
    return [(event["type"].split(".")[2], int(event["sequence"])) for event in answers]


@pytest.mark.parametrize(("said", "left", "answer"), [
    ((("disclosed", 5), ("withheld", 6)), [("withheld", 6)], "withheld"),
    ((("withheld", 5), ("disclosed", 6)), [("disclosed", 6)], "disclosed"),
    ((("disclosed", 4), ("withheld", 5), ("disclosed", 6)), [("disclosed", 6)], "disclosed"),
    ((("withheld", 4), ("disclosed", 5), ("withheld", 6)), [("withheld", 6)], "withheld"),
])  # fmt: skip
def test_in_whatever_order_answers_come_the_last_one_counts(said: tuple[tuple[str, int], ...], left: object, answer: str) -> None:
    for order in permutations(said):
        made = at_work()
        for one, sequence in order:
            note(made, "contact", one, sequence)
        boxes = [each for each in caught_up(made) if each[0] == "disclosed"]
        assert boxes == [each for each in [("disclosed", 6)] if answer == "disclosed"], order
        assert caught_up(made)[-1:] == left, order
        assert made.case().offers[0].contact == answer, order


def test_a_correction_that_overtakes_what_it_replaces_stays_the_last() -> None:
    made = at_work()
    note(made, "contact", "disclosed", 6)
    note(made, "contact", "disclosed", 5)
    assert caught_up(made) == [("disclosed", 6)]


def test_contact_and_narrative_are_counted_by_their_own_services() -> None:
    made = at_work()
    note(made, "contact", "withheld", 9)
    note(made, "narrative", "disclosed", 2)
    assert caught_up(made) == [("withheld", 9), ("disclosed", 2)]
    assert (made.case().offers[0].contact, made.case().offers[0].narrative) == ("withheld", "disclosed")
