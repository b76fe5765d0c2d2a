"""A restriction from the very moment in which a case is resolved holds for it, once its facts are added."""

from __future__ import annotations

from typing import Any

import pytest

from services.registry.people.add_facts import add_facts_of
from tests.support.registry import MARY, SAFE, Register, accepted

OTHER = {"names": ["Grace Chebet"], "phones": ["0700000001"], "emails": []}
"""Another name at Mary's phone: a candidate."""


class Moment:
    """Mary, and a case that may be hers; her restriction comes in a unit that does not see what the case's unit has written."""

    def __init__(self) -> None:
        self.register = Register()
        self.known = self.register.report("NG-1", MARY).defender_ref or ""
        self.case_ref = ""

    def report(self, case_ref: str, **more: Any) -> None:
        self.case_ref = case_ref
        self.register.report(case_ref, OTHER, contact_safety=SAFE, **more)

    def restrict_unseen(self) -> None:
        kept = self.register.cases.kept, self.register.candidates.kept
        hidden = [records.pop(self.case_ref, None) for records in kept]
        self.register.restrict(self.known, "partner-a")
        for records, record in zip(kept, hidden, strict=True):
            if record is not None:
                records[self.case_ref] = record

    def add_facts(self) -> None:
        (due,) = self.register.ctx.cases.with_facts_to_add(10)
        assert due == self.case_ref
        add_facts_of(self.register.ctx, due)

    def restricted(self) -> list[str]:
        last = next(view for view in reversed(self.register.heard.views) if view.case_ref == self.case_ref)
        return [each.partner_id for each in last.restrictions]


@pytest.fixture
def moment() -> Moment:
    return Moment()


def test_a_restriction_of_a_probable_person_from_the_moment_of_the_candidate_is_published(moment: Moment) -> None:
    moment.report("NG-2")
    moment.restrict_unseen()
    assert moment.restricted() == []
    moment.add_facts()
    assert moment.restricted() == ["partner-a"]


def test_it_is_published_for_a_second_case_of_the_candidates_record(moment: Moment) -> None:
    moment.report("NG-2")
    moment.add_facts()
    moment.report("NG-3")
    moment.restrict_unseen()
    moment.add_facts()
    assert moment.restricted() == ["partner-a"]


def test_it_is_published_for_a_case_that_was_anonymous_until_then(moment: Moment) -> None:
    moment.case_ref = "NG-2"
    moment.register.report("NG-2", consents=[])
    moment.register.update("NG-2", sequence=2, identity=OTHER, contact_safety=SAFE)
    moment.restrict_unseen()
    moment.add_facts()
    assert moment.restricted() == ["partner-a"]


def test_a_partner_that_got_the_contact_meanwhile_must_not_use_it(moment: Moment) -> None:
    moment.report("NG-2")
    moment.register.accept(accepted("NG-2", "offer-2"))
    moment.restrict_unseen()
    moment.add_facts()
    assert moment.register.heard.recalled == ["offer-2"]


def test_a_restriction_that_comes_while_the_facts_are_added_conflicts(moment: Moment) -> None:
    moment.report("NG-2")
    before = moment.register.defenders.kept[moment.known].revision
    moment.add_facts()
    assert moment.register.defenders.kept[moment.known].revision > before


def test_nothing_is_published_again_when_nothing_has_come(moment: Moment) -> None:
    moment.register.restrict(moment.known, "partner-a")
    moment.report("NG-2")
    before = len(moment.register.heard.views)
    moment.add_facts()
    assert len(moment.register.heard.views) == before
