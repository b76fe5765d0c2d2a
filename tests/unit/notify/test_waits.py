"""Policy cannot let a critical or high report wait long, or reach no duty officer at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ngao.testing.notify import shipped_policy
from services.notify.errors import PolicyBroken
from services.notify.roster.model import DUTY_OFFICER
from services.notify.rules import LONGEST_ESCALATION, MUST_NOTIFY, MUST_NOTIFY_AS_HIGH, Policy
from tests.support.notify import facts

POLICY = shipped_policy()
ALARMS = ("referral.case.reopened.v1", "referral.disclosure.missed.v1", "referral.helper.revoked.v1")
DEMANDED = [(when, urgency) for when in sorted({*MUST_NOTIFY, *ALARMS}) for urgency in LONGEST_ESCALATION]
DEMANDED += [(when, "high") for when in MUST_NOTIFY_AS_HIGH]


@pytest.mark.parametrize(("when", "urgency"), DEMANDED)
def test_the_shipped_rules_reach_every_person_of_the_ladder_in_time(when: str, urgency: str) -> None:
    told = replace(facts(when.removesuffix(".v1"), urgency), urgency_risen=True)
    (rule,) = (rule for rule in POLICY.rules_for(told) if rule.recipient_kind == DUTY_OFFICER)
    steps = POLICY.ladders[rule.ladder or ""].steps
    assert sum((step.within for step in steps), timedelta()) <= LONGEST_ESCALATION[urgency]


@pytest.mark.parametrize(("when", "urgency"), DEMANDED)
def test_rules_that_tell_no_duty_officer_of_it_are_refused_with_event_and_urgency(when: str, urgency: str) -> None:
    others = {rule: tuple(each for each in rule.urgencies if rule.when != when or each != urgency) for rule in POLICY.rules}
    left = tuple(replace(rule, urgencies=kept) for rule, kept in others.items() if kept or not rule.urgencies)
    with pytest.raises(PolicyBroken, match=rf"{when} with urgency {urgency}"):
        replace(POLICY, rules=left).check()


@pytest.mark.parametrize("urgency", LONGEST_ESCALATION)
def test_rules_that_let_it_wait_twelve_hours_are_refused_with_the_ladder(urgency: str) -> None:
    with pytest.raises(PolicyBroken, match=r"ladders\.daily"):
        _on_daily(urgency).check()


def test_a_rule_without_urgencies_counts_for_all_of_them() -> None:
    rules = tuple(replace(rule, urgencies=()) if rule.ladder == "daily" else rule for rule in POLICY.rules)
    with pytest.raises(PolicyBroken, match=r"ladders\.daily"):
        replace(POLICY, rules=rules).check()


def _on_daily(urgency: str) -> Policy:
    daily = (replace(rule, ladder="daily") if rule.ladder and urgency in rule.urgencies else rule for rule in POLICY.rules)
    return replace(POLICY, rules=tuple(daily))
