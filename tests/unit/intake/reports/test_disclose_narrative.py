"""A narrative goes to keys that operators vouch for and to a partner that signed; what was withheld for that is made up for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ngao.chassis.security import seals
from ngao.contracts import event_of, for_partner
from ngao.contracts.events.intake import NarrativeDisclosed
from ngao.contracts.events.referral import OfferAccepted
from ngao.contracts.events.registry import ConsentChanged, RestrictionsChanged
from ngao.kernel.records import from_record
from ngao.testing.vouching import Onboarding, PartnerKeys
from services.intake.policy import IntakePolicy
from services.intake.reports.disclose_narrative import narrative_may_leave
from services.intake.reports.follow_consent import follow_consent
from services.intake.reports.follow_referral import follow_acceptance, note_progress, note_vouch
from services.intake.reports.follow_restrictions import follow_restrictions
from services.intake.reports.model import Report, Update
from services.intake.reports.partners import PartnerAtWork
from services.intake.reports.progress import Step
from services.intake.reports.reading import read_report
from services.intake.reports.receive import receive_report
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from tests.support.intake import anonymous
from tests.support.memory_intake import START, MemoryIntake

KEYS, INTRUDER = PartnerKeys.new("clinic"), PartnerKeys.new("clinic")
OFFER = "offer-1"


class Story:
    """A report with a narrative that one partner accepts."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake, self.sequence = MemoryIntake(policy), 0
        draft = read_report(anonymous(), policy.vocabulary)
        self.case_ref = receive_report(self.intake.ctx, "forms", draft).case_ref
        vouch = self.intake.onboarding.vouch(KEYS)
        self.good = PartnerAtWork(OFFER, "clinic", vouch, KEYS.accepts(OFFER, self.case_ref))

    def accepts(self, partner: PartnerAtWork) -> None:
        step = Step("referral.accepted", START + timedelta(minutes=1), 3, "legal_aid", OFFER)
        note_progress(self.intake.ctx, self.case_ref, step, partner)

    def is_accepted(self, partner: PartnerAtWork, *, sequence: int, again: bool = False) -> None:
        """The event itself, as referral publishes it."""
        accepted = OfferAccepted(
            case_ref=self.case_ref, offer_id=OFFER, partner_id="clinic", need="legal_aid", urgency="high", accepted_at=START,
            partner_public_key="any", partner_key_id="any", vouch=partner.vouch, signature=partner.signature, again=again,
        )  # fmt: skip
        envelope = event_of(accepted, subject=self.case_ref, partner_id="clinic")
        follow_acceptance(self.intake.ctx, accepted, replace(envelope, sequence=sequence, time=self.intake.now))

    def is_accepted_again(self, partner: PartnerAtWork, *, sequence: int) -> None:
        self.is_accepted(partner, sequence=sequence, again=True)

    def adds_to_narrative(self) -> None:
        update_report(self.intake.ctx, "forms", self.report.id, Update(narrative="They came back."))

    @property
    def report(self) -> Report:
        return self.intake.ctx.reports.of_case(self.case_ref)

    def changes_consent(self, *, granted: bool) -> ConsentChanged:
        self.intake.wait()
        change = ConsentChanged(
            case_ref=self.case_ref, purpose="referral", scope=("narrative",), granted=granted, effective_at=self.intake.now
        )
        return self.hears(change)

    def hears(self, change: ConsentChanged) -> ConsentChanged:
        self.sequence += 1
        envelope = replace(event_of(change, subject=self.case_ref), sequence=self.sequence)
        follow_consent(self.intake.ctx, change, envelope)
        return change

    def is_restricted(self, *partner_ids: str, sequence: int = 50) -> None:
        change = RestrictionsChanged(case_ref=self.case_ref, partner_ids=partner_ids)
        envelope = replace(event_of(change, subject=self.case_ref), sequence=sequence)
        follow_restrictions(self.intake.ctx, change, envelope)

    def is_recalled(self) -> None:
        self.ends("recalled")

    def ends(self, how: str) -> None:
        step = Step(f"referral.{how}", START + timedelta(minutes=2), 4, "legal_aid", OFFER)
        note_progress(self.intake.ctx, self.case_ref, step)

    def is_withdrawn(self) -> None:
        withdraw_report(self.intake.by_source("forms"), self.report.id)

    def states_no_consent_any_more(self) -> None:
        update_report(self.intake.ctx, "forms", self.report.id, Update(consents=()))

    @property
    def may_leave(self) -> bool:
        """The partner's copy is asked about: it names the case as the partner knows it, and the outbox knows the subject."""
        leaving = NarrativeDisclosed(
            case_ref=self.case_ref, offer_id=OFFER, partner_id="clinic", case_salt="s" * 22, key_id="any", box="any"
        )
        copy = for_partner(event_of(leaving, subject=self.case_ref, partner_id="clinic"))
        envelope = replace(copy, subject=self.case_ref)
        return narrative_may_leave(self.intake.ctx, from_record(NarrativeDisclosed, copy.data), envelope)

    @property
    def disclosed(self) -> list[tuple[str, str]]:
        return self.intake.disclosed

    @property
    def withheld(self) -> list[str]:
        return [reason for _, reason in self.intake.withheld]


@pytest.fixture
def story(policy: IntakePolicy) -> Story:
    return Story(policy)


def test_the_narrative_is_sealed_to_the_vouched_key(story: Story) -> None:
    story.accepts(story.good)
    assert story.disclosed == [("clinic", seals.key_id(KEYS.box_public))]


def test_keys_that_no_operator_vouches_for_get_no_narrative(story: Story) -> None:
    signed = INTRUDER.accepts(OFFER, story.case_ref)
    story.accepts(replace(story.good, vouch=Onboarding().vouch(INTRUDER), signature=signed))
    assert (story.disclosed, story.withheld) == ([], ["key_not_vouched"])
    assert "narrative.withheld" in [action for action, _, _ in story.intake.audit]


@pytest.mark.parametrize("signature", [None, "nothing"])
def test_a_partner_that_did_not_sign_gets_no_narrative(story: Story, signature: str | None) -> None:
    story.accepts(replace(story.good, signature=signature))
    assert (story.disclosed, story.withheld) == ([], ["acceptance_not_signed"])


def test_once_operators_vouch_the_partner_gets_what_was_withheld_and_nothing_twice(story: Story) -> None:
    story.accepts(replace(story.good, vouch=None))
    note_vouch(story.intake.ctx, story.case_ref, replace(story.good, vouch=None))
    assert (story.disclosed, story.withheld) == ([], ["key_not_vouched"])
    note_vouch(story.intake.ctx, story.case_ref, story.good)
    note_vouch(story.intake.ctx, story.case_ref, story.good)
    assert len(story.disclosed) == 1


def test_a_narrative_that_leaves_without_its_consent_is_withheld_once_and_comes_again_with_it(story: Story) -> None:
    story.accepts(story.good)
    assert story.may_leave
    story.changes_consent(granted=False)
    assert (story.may_leave, story.may_leave) == (False, False)
    assert (story.withheld, story.intake.recalled) == (["withdrawn"], [OFFER])
    story.changes_consent(granted=True)
    assert len(story.disclosed) == 2
    assert story.may_leave


def test_a_narrative_does_not_leave_on_a_consent_that_another_person_gave(story: Story) -> None:
    ctx = story.intake.ctx
    report = ctx.reports.of_case(story.case_ref)
    report.consents = ()
    ctx.reports.save(report)
    given = story.changes_consent(granted=True)
    story.accepts(story.good)
    assert story.may_leave
    story.hears(replace(given, retracted=True))
    assert not story.may_leave
    assert (story.withheld, story.intake.recalled) == (["no_consent"], [OFFER])


def test_a_narrative_of_an_offer_that_was_recalled_does_not_leave(story: Story) -> None:
    story.accepts(story.good)
    story.is_recalled()
    assert not story.may_leave
    assert (story.withheld, story.intake.recalled) == (["withdrawn"], [OFFER])


@pytest.mark.parametrize("before", [True, False], ids=["recalled before", "recalled after"])
def test_a_partner_learns_once_that_it_must_not_use_the_narrative_however_often_it_is_sent_again(
    story: Story, *, before: bool
) -> None:
    """The process was killed after it had published: the narrative is in the outbox still, and leaves again."""
    story.accepts(story.good)
    if before:
        story.is_recalled()
    story.is_withdrawn()
    if not before:
        story.is_recalled()
    assert (story.may_leave, story.may_leave) == (False, False)
    assert (story.withheld, story.intake.recalled) == (["withdrawn"], [OFFER])


def test_an_acceptance_published_again_that_overtakes_the_first_one_is_not_lost(story: Story) -> None:
    """With the vouch that it brings the narrative is disclosed at once; the first one must not bring back the old vouch."""
    story.is_accepted_again(story.good, sequence=5)
    assert (story.disclosed, story.withheld) == ([], [])
    story.is_accepted(replace(story.good, vouch=None), sequence=3)
    assert (len(story.disclosed), story.withheld) == (1, [])
    story.is_accepted_again(replace(story.good, vouch=None), sequence=4)
    story.adds_to_narrative()
    assert (len(story.disclosed), story.withheld) == (2, [])


def test_an_acceptance_published_again_after_the_end_of_the_work_discloses_nothing(story: Story) -> None:
    story.is_accepted(replace(story.good, vouch=None), sequence=3)
    story.is_recalled()
    story.is_accepted_again(story.good, sequence=5)
    assert story.disclosed == []


def test_an_offer_that_ended_before_its_acceptances_came_discloses_nothing(story: Story) -> None:
    story.is_recalled()
    story.is_accepted_again(story.good, sequence=5)
    story.is_accepted(replace(story.good, vouch=None), sequence=3)
    assert (story.disclosed, story.withheld) == ([], ["withdrawn"])


REFUSED = [
    (lambda story: story.changes_consent(granted=False), "withdrawn"),
    (Story.is_withdrawn, "withdrawn"),
    (Story.states_no_consent_any_more, "no_consent"),
]


@pytest.mark.parametrize(("refuse", "reason"), REFUSED, ids=["consent withdrawn", "report withdrawn", "consent not stated"])
@pytest.mark.parametrize("end", ["", "completed", "failed", "recalled"])
def test_what_a_partner_was_given_is_recalled_once_when_it_may_not_have_it_any_more_also_after_its_work(
    story: Story, end: str, refuse: Callable[[Story], Any], reason: str
) -> None:
    """After its work a partner still holds it, and after a completed one its catch-up has it."""
    story.accepts(story.good)
    if end:
        story.ends(end)
    refuse(story)
    assert (story.withheld, story.intake.recalled) == ([reason], [OFFER])
    story.changes_consent(granted=False)
    assert story.intake.recalled == [OFFER]


def test_a_consent_that_another_person_gave_recalls_what_was_disclosed_by_it(story: Story) -> None:
    story.states_no_consent_any_more()
    given = story.changes_consent(granted=True)
    story.accepts(story.good)
    story.ends("completed")
    story.hears(replace(given, retracted=True))
    assert story.intake.recalled == [OFFER]


def test_after_its_work_a_partner_gets_nothing_new(story: Story) -> None:
    story.accepts(story.good)
    story.ends("completed")
    story.adds_to_narrative()
    story.changes_consent(granted=False)
    story.changes_consent(granted=True)
    assert len(story.disclosed) == 1


def test_a_partner_that_has_nothing_is_asked_to_forget_nothing(story: Story) -> None:
    story.accepts(replace(story.good, vouch=None))
    story.ends("completed")
    story.is_withdrawn()
    assert story.intake.recalled == []


def test_a_partner_that_the_person_never_wants_gets_no_narrative_and_does_not_learn_why(story: Story) -> None:
    story.is_restricted("other", "clinic")
    story.accepts(story.good)
    assert (story.disclosed, story.withheld) == ([], ["no_consent"])
    assert [detail["reason"] for action, _, detail in story.intake.audit if action == "narrative.withheld"] == ["restricted"]


@pytest.mark.parametrize("end", ["", "completed"])
def test_a_restriction_recalls_what_its_partner_has_and_a_later_narrative_does_not_reach_it(story: Story, end: str) -> None:
    """Referral may be down: intake itself checks, as the registry does for the contact."""
    story.accepts(story.good)
    if end:
        story.ends(end)
    story.is_restricted("clinic")
    assert story.intake.recalled == [OFFER]
    story.adds_to_narrative()
    assert (len(story.disclosed), story.may_leave) == (1, False)


def test_a_restriction_of_another_partner_changes_nothing(story: Story) -> None:
    story.is_restricted("other")
    story.accepts(story.good)
    assert (len(story.disclosed), story.may_leave, story.withheld) == (1, True, [])


def test_a_restriction_that_is_lifted_lets_the_partner_have_the_narrative_and_a_late_event_changes_nothing(story: Story) -> None:
    story.is_restricted("clinic", sequence=50)
    story.accepts(story.good)
    story.is_restricted(sequence=60)
    story.is_restricted("clinic", sequence=55)
    assert (len(story.disclosed), story.intake.recalled) == (1, [])


def test_a_consent_that_has_ended_and_is_published_again_recalls_the_narrative(story: Story) -> None:
    """The registry publishes it once more when it ends; before that, it changes nothing."""
    ctx = story.intake.ctx
    report = ctx.reports.of_case(story.case_ref)
    report.consents = ()
    ctx.reports.save(report)
    story.intake.wait()
    ending = ConsentChanged(
        case_ref=story.case_ref, purpose="referral", scope=("narrative",), granted=True, effective_at=story.intake.now,
        until=story.intake.now + timedelta(hours=1),
    )  # fmt: skip
    story.hears(ending)
    story.accepts(story.good)
    story.hears(ending)
    assert (story.may_leave, story.intake.recalled) == (True, [])
    story.intake.wait(3600)
    story.hears(ending)
    assert (story.may_leave, story.intake.recalled, story.withheld) == (False, [OFFER], ["consent_expired"])
