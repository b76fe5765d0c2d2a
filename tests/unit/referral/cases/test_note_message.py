"""Messages are steps of the timeline, and the first operator to acknowledge an alarm of a case owns it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ngao.contracts.events.notify import MessageAcknowledged, MessageSent
from ngao.contracts.events.referral import CaseOwned
from services.referral.cases.model import Life
from services.referral.cases.note_message import note_message
from services.referral.cases.own_case import own_case
from tests.support.referral import (  # fmt: skip
    START,
    Office,
    apply_defender,
    apply_withdrawal,
    consent,
    defender,
    envelope,
    follow_report,
    office,
    report,
)

REF = "NG-0123456789"


def acknowledged(by: str = "amina", kind: str = "duty_officer", case_ref: str = REF) -> MessageAcknowledged:
    return MessageAcknowledged(
        message_id="m-1", case_ref=case_ref, cause="e-1", recipient_kind=kind, recipient_ref="duty-officer", template="look_now",
        channel="email", by=by,
    )  # fmt: skip


def note(here: Office, event: MessageAcknowledged, sequence: int = 1) -> None:
    note_message(here.ctx(), event, envelope(event, event.case_ref, sequence, here.now - timedelta(seconds=1)))


def opened() -> Office:
    here = office()
    follow_report(here.ctx(), REF, report(), [consent()])
    return here


def test_the_first_operator_to_acknowledge_an_alarm_owns_the_case() -> None:
    here = opened()
    here.pass_time(minutes=1)
    note(here, acknowledged())
    assert (here.case(REF).owner, here.case(REF).owned_since) == ("amina", here.now)
    ((payload, event),) = here.published(CaseOwned)
    assert payload == CaseOwned(case_ref=REF, owner="amina", since=here.now, set_by="service:referral", reason="acknowledged")
    assert not event.urgent
    *_, seen, owned = here.ctx().timeline.of(REF)
    assert (seen.what, owned.what) == ("message.acknowledged", "case.owned")
    assert (owned.actor, owned.text) == ("service:referral", "amina acknowledged an alarm of the case and owns it now.")
    (entry,) = [each for each in here.audited if each.action == "case.owned"]
    assert (str(entry.actor), entry.detail) == ("service:referral", {"reason": "acknowledged", "owner": "amina"})


@pytest.mark.parametrize("again", ["amina", "juma"])
def test_a_later_or_repeated_acknowledgement_takes_the_case_from_no_one(again: str) -> None:
    here = opened()
    note(here, acknowledged())
    own_case(here.ctx("amina"), {"owner": "wanjiru"}, REF)
    note(here, acknowledged(again))
    assert here.case(REF).owner == "wanjiru"
    assert len(here.published(CaseOwned)) == 2


def test_an_acknowledgement_that_comes_before_the_report_is_not_lost() -> None:
    here = office()
    note(here, acknowledged())
    assert (here.case(REF).life, here.case(REF).owner) == (Life.WAITING, "amina")
    again = here.ctx()
    again.unit.again = True  # the first try to store it as a new case was a conflict
    follow_report(again, REF, report(), [consent()])
    apply_defender(here.ctx(), REF, defender())
    assert (here.case(REF).life, here.case(REF).owner) == (Life.OPEN, "amina")


def test_a_closed_case_has_an_owner_as_well() -> None:
    here = opened()
    apply_withdrawal(here.ctx(), REF)
    note(here, acknowledged())
    assert (here.case(REF).closed, here.case(REF).owner) == (True, "amina")


@pytest.mark.parametrize("kind", ["partner", "defender"])
def test_an_acknowledged_letter_that_is_no_alarm_makes_no_owner(kind: str) -> None:
    here = opened()
    note(here, acknowledged(kind=kind))
    assert here.case(REF).owner is None


@pytest.mark.parametrize("by", ["", "none", "Amina Wanjiru"])
def test_who_is_no_operator_owns_nothing(by: str) -> None:
    here = opened()
    note(here, acknowledged(by))
    assert here.case(REF).owner is None


def test_an_alarm_about_the_quarantine_opens_no_case() -> None:
    here = office()
    note(here, acknowledged(case_ref="quarantine:forms:2026-03-02"))
    assert (here.cases.kept, here.published(CaseOwned)) == ({}, [])
    assert [step.what for step in here.ctx().timeline.of("quarantine:forms:2026-03-02")] == ["message.acknowledged"]


def test_a_letter_that_was_sent_is_a_step_and_nothing_more() -> None:
    here = opened()
    sent = MessageSent(
        message_id="m-1", case_ref=REF, cause="e-1", recipient_kind="duty_officer", recipient_ref="duty-officer",
        template="look_now", channel="email", policy_version="1",
    )  # fmt: skip
    note_message(here.ctx(), sent, envelope(sent, REF, 1, START))
    assert here.ctx().timeline.of(REF)[-1].text == "Notified duty officer duty-officer: look_now."
    assert here.case(REF).owner is None
