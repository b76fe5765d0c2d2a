"""What happens to notes and flags when something happens to their report: they stay with it, and go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ngao.chassis.errors import NotAllowedNow
from ngao.contracts import event_of
from ngao.contracts.events.intake import NarrativeDisclosed
from ngao.contracts.events.registry import ConsentChanged, RestrictionsChanged
from ngao.testing.vouching import PartnerKeys
from services.intake.notes.read import read_notes
from services.intake.notes.show_flags import show_flags
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Violation
from services.intake.reports.follow_consent import follow_consent
from services.intake.reports.follow_referral import note_progress
from services.intake.reports.follow_restrictions import follow_restrictions
from services.intake.reports.model import Update
from services.intake.reports.partners import PartnerAtWork
from services.intake.reports.progress import Step
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from tests.support.desk import ACT, WORDS, Desk
from tests.support.intake import MARKERS
from tests.support.memory_intake import START

KEYS, OFFER = PartnerKeys.new("clinic"), "offer-1"


@pytest.fixture
def desk(policy: IntakePolicy) -> Desk:
    made = Desk(policy)
    made.writes(act=ACT)
    made.flags("do_not_visit")
    return made


def withdrawn(desk: Desk) -> None:
    withdraw_report(desk.intake.by_source("forms"), desk.report.id)


def rectified(desk: Desk) -> None:
    update = Update(violations=(Violation("torture"),), narrative="They came back.")
    update_report(desk.intake.ctx, "forms", desk.report.id, update)


def closed(desk: Desk) -> None:
    note_progress(desk.intake.ctx, desk.case_ref, Step("referral.case.closed", desk.intake.now, 3))


def reopened(desk: Desk) -> None:
    closed(desk)
    note_progress(desk.intake.ctx, desk.case_ref, Step("referral.case.reopened", desk.intake.now, 4))


def linked(desk: Desk) -> None:
    """The registry finds that the person is known: the restrictions and consents of both hold, and no case changes hands."""
    restricted = RestrictionsChanged(case_ref=desk.case_ref, partner_ids=("clinic",))
    follow_restrictions(desk.intake.ctx, restricted, replace(event_of(restricted, subject=desk.case_ref), sequence=5))
    consent = ConsentChanged(
        case_ref=desk.case_ref, purpose="referral", scope=("narrative",), granted=False, effective_at=desk.intake.now
    )
    follow_consent(desk.intake.ctx, consent, replace(event_of(consent, subject=desk.case_ref), sequence=6))


def separated(desk: Desk) -> None:
    linked(desk)
    free = RestrictionsChanged(case_ref=desk.case_ref, partner_ids=())
    follow_restrictions(desk.intake.ctx, free, replace(event_of(free, subject=desk.case_ref), sequence=7))


@pytest.mark.parametrize("happens", [withdrawn, rectified, closed, reopened, linked, separated], ids=lambda each: each.__name__)
def test_whatever_happens_to_the_report_its_notes_stay_and_can_be_added_to(desk: Desk, happens: Callable[[Desk], None]) -> None:
    happens(desk)
    assert read_notes(desk.by(), desk.case_ref, reason="case_work")["notes"][0]["text"] == WORDS
    assert show_flags(desk.by(), desk.case_ref, reason="case_work")["flags"][0]["is_set"]
    assert desk.writes(act=ACT)[1], "the same act is still known"
    desk.writes("After that.")
    assert desk.flags("media_interest", seen=1) == 2
    assert desk.texts == [WORDS, "After that."]


def test_a_partner_gets_the_narrative_and_no_note(desk: Desk) -> None:
    partner = PartnerAtWork(OFFER, "clinic", desk.intake.onboarding.vouch(KEYS), KEYS.accepts(OFFER, desk.case_ref))
    note_progress(desk.intake.ctx, desk.case_ref, Step("referral.accepted", START, 3, "legal_aid", OFFER), partner)
    (disclosed,) = desk.intake.payloads(NarrativeDisclosed)
    opened = KEYS.opens(disclosed.box).decode()
    assert MARKERS[3] in opened
    assert WORDS not in opened


def test_erasing_the_report_removes_notes_and_file_and_the_key(desk: Desk) -> None:
    desk.erases()
    assert (desk.intake.notes.kept, desk.intake.case_files.kept) == ({}, {})
    assert desk.intake.shredded == [f"case:{desk.case_ref}"]


def test_of_an_erased_case_there_is_no_note_and_no_flag(desk: Desk) -> None:
    desk.erases()
    notes = read_notes(desk.by(), desk.case_ref, reason="data_subject_request")
    assert (notes["notes"], notes["forgotten"]) == ([], True)
    flags = show_flags(desk.by(), desk.case_ref, reason="data_subject_request")
    assert ([each["code"] for each in flags["flags"] if each["is_set"]], flags["notes"], flags["forgotten"]) == ([], 0, True)


def test_nothing_can_be_written_about_an_erased_case_not_even_by_an_act_that_comes_again(desk: Desk) -> None:
    desk.erases()
    for writes in (lambda: desk.writes(act=ACT), lambda: desk.writes("More."), lambda: desk.flags("do_not_visit")):
        with pytest.raises(NotAllowedNow) as refused:
            writes()
        assert refused.value.slug == "forgotten"
    assert (desk.intake.notes.kept, desk.intake.case_files.kept) == ({}, {})


def test_the_notes_of_other_cases_stay(desk: Desk) -> None:
    erased = desk.case_ref
    desk.case_ref = desk.another_case()
    desk.writes("Another case.")
    kept, desk.case_ref = desk.case_ref, erased
    desk.erases()
    desk.case_ref = kept
    assert desk.texts == ["Another case."]
