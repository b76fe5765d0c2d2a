"""Decide who is told of an event."""

from __future__ import annotations

from services.notify.application.ports import Announcer, ContactSummaries, Messages
from services.notify.application.tell_people import tell_people
from services.notify.domain.facts import Facts
from services.notify.domain.message import Message
from services.notify.domain.people import DEFENDER
from services.notify.domain.planning import Desk, plan


def plan_messages(
    messages: Messages, summaries: ContactSummaries, announcer: Announcer, desk: Desk, facts: Facts
) -> list[Message]:
    """Queue what the policy calls for; a recipient who cannot be reached safely becomes a refusal, never an error."""
    asked = any(rule.tell == DEFENDER for rule in desk.policy.rules_for(facts))
    return tell_people(messages, announcer, plan(desk, facts, summaries.find(facts.case_ref) if asked else None))
