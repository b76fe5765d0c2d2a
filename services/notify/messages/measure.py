"""Measure the backlog: mail that is not sent, and officers who were not asked although the first did not acknowledge."""

from __future__ import annotations

from ngao.chassis.handlers import measures
from ngao.chassis.measuring import OFTEN_S
from services.notify.context import NotifyParts


@measures(seconds=OFTEN_S)
def measure_messages(parts: NotifyParts) -> None:
    """Export the number of messages to be sent and to be acknowledged, and of people who can be reached."""
    parts.reach.look()
    now, messages = parts.clock.now(), parts.read().messages
    unsent, oldest = messages.unsent()
    parts.unsent.set(unsent)
    parts.unsent_seconds.set((now - oldest).total_seconds() if oldest else 0.0)
    late, since = messages.not_escalated(now)
    parts.metrics.overdue("acknowledgement", late, (now - since).total_seconds() if since else 0.0)
