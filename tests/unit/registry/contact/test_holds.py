"""What holds where an officer and a report differ: the human's last word, and never more than a later report forbids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.registry.contact.model import (
    ALLOWED,
    NEVER,
    ONLY_PERSON,
    Rule,
    Standing,
    Stated,
    Terms,
    Why,
)
from services.registry.contact.ways import first_refusal, together, ways
from services.registry.people.identity import ContactSafety, Identity

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = AT + timedelta(days=1)
TERMS = Terms(timedelta(days=90), timedelta(days=14), "Africa/Nairobi")
PHONE, MAIL = "+254700000001", "mary@example.org"
MARY = Identity(("Mary",), (PHONE,), (MAIL,))
YES = ContactSafety(may_contact=True, channels=("phone", "email"), shared_phone=False, voicemail=True)
NO = ContactSafety()
RULE = Rule(
    "1", "phone", PHONE, AT, "operator:a", "in_person", allowed=True, zone="Africa/Nairobi", voicemail=ALLOWED,
    who_answers=ONLY_PERSON, shared_device=False,
)  # fmt: skip
DAY, EVENING = {"opens": "08:00", "closes": "19:00", "days": []}, {"opens": "18:00", "closes": "20:00", "days": []}
BEFORE, AFTER = AT - timedelta(hours=1), AT + timedelta(hours=1)


def why(channel: str, safety: ContactSafety | None, at: datetime, *rules: Rule, now: datetime = NOW, **more: Any) -> Why | None:
    standing = Standing(TERMS, rules, more.pop("stopped", False))
    return next(way for way in ways(Stated(MARY, safety, at), standing, now, **more) if way.channel == channel).why_not


def test_a_confirmed_contact_wins_over_an_earlier_no_and_over_silence() -> None:
    assert why("phone", NO, BEFORE, RULE) is None
    assert why("phone", None, AFTER, RULE) is None


def test_a_later_report_forbids_and_only_a_human_allows_again() -> None:
    assert why("phone", NO, AFTER, RULE) is Why.NOT_SAFE
    assert why("phone", replace(YES, channels=("email",)), AFTER, RULE) is Why.NOT_SAFE
    assert why("phone", NO, AFTER, replace(RULE, confirmed_at=NOW)) is None


def test_a_later_report_never_allows_what_a_human_forbade() -> None:
    assert why("phone", YES, AFTER, replace(RULE, allowed=False)) is Why.NOT_SAFE
    assert why("phone", YES, AFTER, replace(RULE, allowed=False, person_calls=True)) is Why.PERSON_CALLS
    assert why("sms", replace(YES, channels=("sms",)), AFTER, replace(RULE, allowed=False)) is Why.NOT_SAFE


def test_another_report_that_came_later_forbids_too() -> None:
    other = Stated(Identity(), NO, AFTER)
    assert why("phone", YES, BEFORE, RULE, others=[other]) is Why.NOT_SAFE
    assert why("phone", YES, BEFORE, RULE, others=[replace(other, at=BEFORE)]) is None


def test_a_later_report_narrows_hours_voicemail_and_who_answers() -> None:
    rule = replace(RULE, hours=(DAY,))
    later = replace(YES, hours=(EVENING,), voicemail=False, shared_phone=True, code_word="jua")
    (way,) = [each for each in ways(Stated(MARY, later, AFTER), Standing(TERMS, (rule,)), NOW) if each.by_officer]
    assert [(each["opens"], each["closes"]) for each in way.rule.hours] == [("18:00", "19:00")]
    assert (way.rule.voicemail, way.rule.is_shared, way.rule.code_word) == (NEVER, True, "jua")


def test_hours_that_leave_no_minute_are_a_no() -> None:
    rule = replace(RULE, hours=({"opens": "08:00", "closes": "09:00", "days": []},))
    assert why("phone", replace(YES, hours=(EVENING,)), AFTER, rule) is Why.NOT_SAFE


def test_the_stop_counts_for_every_contact() -> None:
    assert why("phone", YES, BEFORE, RULE, stopped=True) is Why.STOPPED
    assert why("email", YES, BEFORE, RULE, stopped=True) is Why.STOPPED


@pytest.mark.parametrize(("days", "expected"), [(90, None), (104, None), (105, Why.OVERDUE)])
def test_no_machine_relies_on_what_was_confirmed_too_long_ago(days: int, expected: Why | None) -> None:
    late = AT + timedelta(days=days)
    assert why("phone", YES, BEFORE, RULE, now=late) is expected
    assert why("phone", YES, BEFORE, RULE, now=late, held=True) is None


def test_hours_are_read_in_the_persons_own_zone() -> None:
    rule = replace(RULE, zone="America/New_York", hours=({"opens": "07:00", "closes": "08:00", "days": []},))
    (way,) = ways(None, Standing(TERMS, (rule,)), NOW)
    assert way.may_now(datetime(2026, 11, 21, 12, 30, tzinfo=UTC)) is None
    assert way.may_now(datetime(2026, 11, 21, 7, 30, tzinfo=UTC)) is Why.OUTSIDE_HOURS


def test_several_contacts_together_have_the_most_careful_rules() -> None:
    mail = replace(RULE, id="2", channel="email", address=MAIL, hours=(DAY,), shared_device=True, voicemail=NEVER)
    found = ways(None, Standing(TERMS, (replace(RULE, hours=(EVENING,)), mail)), NOW)
    identity, safety, usable = together(found, ("Mary",))
    assert (identity.phones, identity.emails, len(usable)) == ((PHONE,), (MAIL,), 2)
    assert (safety.shared_phone, safety.voicemail) == (True, False)
    assert [(each["opens"], each["closes"]) for each in safety.hours] == [("18:00", "19:00")]


def test_contacts_without_a_common_hour_do_not_share_one() -> None:
    night = ({"opens": "03:00", "closes": "04:00", "days": []},)
    mail = replace(RULE, id="2", channel="email", address=MAIL, confirmed_at=BEFORE, hours=night)
    identity, safety, usable = together(ways(None, Standing(TERMS, (replace(RULE, hours=(DAY,)), mail)), NOW), ())
    assert (identity.emails, [way.channel for way in usable]) == ((), ["phone"])
    assert list(safety.hours) == [DAY]


def test_without_any_contact_the_reason_is_that_it_is_not_safe() -> None:
    assert first_refusal([], NOW) is Why.NOT_SAFE
