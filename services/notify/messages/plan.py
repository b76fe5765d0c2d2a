"""Decide who is told of an event."""

from __future__ import annotations

from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.planning import plan
from services.notify.messages.facts import Facts
from services.notify.messages.model import Message
from services.notify.messages.queueing import tell_people
from services.notify.ports import ContactSummaries
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, OWNER


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
