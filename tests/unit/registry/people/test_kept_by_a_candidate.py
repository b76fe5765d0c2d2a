"""An undecided candidate keeps the persons whom it suggests: with them their restrictions would end, which hold for its case."""

from __future__ import annotations

import pytest

from services.registry.people.erase import end_candidates, erase_cases, erase_people
from tests.support.registry import MARY, SAFE, Register, accepted

NAMELESS = {"names": [], "phones": ["0700000001"], "emails": []}
RECEIVED, LATER = 1000, 900
"""A report is erased after so many days; a later one comes on this day."""


class Kept:
    """Mary with a restriction, and a case of much later that may be hers; her own report is erased."""

    def __init__(self, *others: str) -> None:
        self.register = Register()
        self.mary = self.register.report("NG-1", MARY, contact_safety=SAFE).defender_ref or ""
        self.register.restrict(self.mary, "partner-a")
        self.register.pass_time(days=LATER)
        for case_ref in ("NG-2", *others):
            self.register.report(case_ref, NAMELESS, contact_safety=SAFE)
        self.retention(days=RECEIVED - LATER + 1)

    def retention(self, **passed: int) -> None:
        """Let time pass, and retention do all it does meanwhile."""
        self.register.pass_time(**passed)
        for _ in range(4):
            while erase_cases(self.register.ctx, limit=10):
                continue
            self.register.pass_time(hours=1)
            while erase_people(self.register.ctx, limit=10):
                continue
            end_candidates(self.register.ctx, limit=10)

    @property
    def knows_mary(self) -> bool:
        return self.mary in self.register.defenders.kept


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_the_person_and_their_restriction_remain_although_their_own_report_is_erased(kept: Kept) -> None:
    assert kept.register.cases.kept["NG-1"].state == "forgotten"
    assert kept.knows_mary
    assert kept.register.defenders.kept[kept.mary].fading_since is None
    assert str(kept.register.accept(accepted("NG-2", "offer-2")).refusal) == "restricted"


def test_a_further_report_still_finds_the_person(kept: Kept) -> None:
    kept.register.report("NG-3", NAMELESS)
    assert [each.partner_id for each in kept.register.last.restrictions] == ["partner-a"]


def test_a_separation_ends_that_and_the_person_is_erased(kept: Kept) -> None:
    kept.register.separate("NG-2")
    assert kept.register.defenders.kept[kept.mary].fading_since == kept.register.now
    kept.retention(days=1)
    assert not kept.knows_mary
    assert kept.register.cases.kept["NG-2"].state == "open"


def test_a_link_makes_the_case_the_persons_and_they_are_kept_by_it_until_it_is_erased(kept: Kept) -> None:
    kept.register.link("NG-2", kept.mary)
    kept.retention(days=1)
    assert kept.knows_mary
    kept.retention(days=RECEIVED)
    assert not kept.register.defenders.kept


def test_a_separation_after_a_link_ends_it_for_the_person_who_has_no_case_left(kept: Kept) -> None:
    kept.register.link("NG-2", kept.mary)
    kept.register.separate("NG-2")
    kept.retention(days=1)
    assert not kept.knows_mary


def test_an_erasure_of_the_candidates_own_case_ends_it(kept: Kept) -> None:
    kept.retention(days=RECEIVED)
    assert not kept.register.defenders.kept
    assert not kept.register.candidates.kept


def test_of_several_candidates_the_last_one_decides() -> None:
    kept = Kept("NG-3")
    kept.register.separate("NG-2")
    kept.retention(days=1)
    assert kept.knows_mary
    kept.register.separate("NG-3")
    kept.retention(days=1)
    assert not kept.knows_mary


def test_two_that_end_at_the_same_moment_conflict() -> None:
    """Each would see the other's candidate, and nothing would erase the person any more."""
    kept = Kept("NG-3")
    before = kept.register.defenders.kept[kept.mary].revision
    kept.register.separate("NG-2")
    assert kept.register.defenders.kept[kept.mary].revision > before
