"""A message that cannot be written holds no ladder: another text goes out, or another person is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ngao.chassis.errors import SealBroken
from ngao.testing.notify import MemoryRoster, Roster
from services.notify.messages.send import Sender
from services.notify.messages.templates import Templates
from services.notify.roster.model import Contact, Recipient
from tests.unit.notify.test_sending import POLICY, QUOTA, Office

ONLY_ONE = replace(POLICY.templates, texts={"not_reached": POLICY.templates.texts["not_reached"]})


class HalfSealed(MemoryRoster):
    """A roster in which the address of one person cannot be read."""

    def __init__(self, roster: Roster, unreadable: str) -> None:
        super().__init__(roster)
        self.unreadable = unreadable

    def with_address(self, recipient: Recipient) -> tuple[Contact, str] | None:
        if recipient.ref == self.unreadable:
            raise SealBroken("The address cannot be opened.")
        return super().with_address(recipient)


class Broken(Office):
    """An office in which an address cannot be read, or a template has been removed from the policy."""

    templates: Templates = POLICY.templates
    unreadable = ""

    def sender(self) -> Sender:
        roster = HalfSealed(self.roster, self.unreadable)
        return Sender(self.templates, "", {"email": self.channel}, roster, POLICY.undeliverable.template)


def test_a_message_that_cannot_be_written_is_tried_again_and_then_fails_so_that_the_next_person_is_told() -> None:
    office = Broken()
    office.hear("intake.report.accepted")
    office.hear("referral.offered", cause="event-2")
    office.unreadable = "duty-officer"
    for _ in range(6):
        office.send()
        office.clock.advance(timedelta(minutes=20))
    assert {letter.address for letter in office.channel.taken} == {"deputy@example.org", "clinic@example.org"}
    assert ("failed", "duty_officer:duty-officer", "duty_officer:deputy") in office.said


def test_an_alarm_whose_template_is_no_longer_in_the_policy_goes_out_by_the_one_for_undeliverable_messages() -> None:
    office = Broken()
    office.hear("intake.report.accepted")
    office.templates = ONLY_ONE
    office.send()
    assert [letter.address for letter in office.channel.taken] == ["duty-officer@example.org"]
    assert office.channel.taken[0].subject == POLICY.templates.texts["not_reached"]["en"].subject


def test_a_partners_letter_whose_template_is_no_longer_in_the_policy_is_lost_and_a_duty_officer_is_told() -> None:
    office = Broken()
    office.hear("referral.recalled")
    office.templates = ONLY_ONE
    office.send()
    assert office.said[0] == ("failed", "partner:clinic", "duty_officer:duty-officer")


def test_a_message_that_the_mail_server_never_saw_says_nothing_about_the_account() -> None:
    office = Broken(QUOTA, QUOTA)
    office.hear("referral.recalled", cause="event-1")
    office.send()
    since = office.account.refused_since
    office.unreadable = "clinic"
    office.clock.advance(timedelta(minutes=1))
    office.hear("intake.report.accepted", cause="event-2")
    office.send()
    assert len(office.channel.tried) == 2
    assert office.account.refused_since == since
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert office.account.refused_since is None
