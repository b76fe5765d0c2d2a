"""Decide who is told of an event."""

from __future__ import annotations

from services.notify.application.case_alarms import CaseAlarms
from services.notify.application.context import Context
from services.notify.application.ports import ContactSummaries
from services.notify.application.tell_people import tell_people
from services.notify.domain.facts import Facts
from services.notify.domain.message import Message
from services.notify.domain.people import DEFENDER, DUTY_OFFICER, OWNER
from services.notify.domain.planning import plan


def plan_messages(context: Context, summaries: ContactSummaries, facts: Facts) -> list[Message]:
    """Queue what the policy calls for; a recipient who cannot be reached safely becomes a refusal, never an error."""
    desk = context.desk
    rules = desk.policy.rules_for(facts)
    summary = summaries.find(facts.case_ref) if any(rule.tell == DEFENDER for rule in rules) else None
    if not any(rule.tell in {DUTY_OFFICER, OWNER} or rule.must_reach for rule in rules):
        return tell_people(context.messages, context.announcer, plan(desk, facts, summary).new)
    case = CaseAlarms(context, facts.case_ref)
    told = case.apply(plan(desk, facts, summary, case.standing))
    case.close()
    return told
