"""Contract events to facts, and what became of messages to contract events."""

from __future__ import annotations

from typing import Any

from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, make
from services.notify.messages.facts import Facts
from services.notify.messages.model import Message
from services.notify.roster.model import ContactSummary


def facts_of(event: Event) -> Facts:
    """What planning needs of the notice of any event."""
    data = event.data
    return Facts(
        cause=event.id,
        type=event.type,
        case_ref=data["case_ref"],
        urgency=data.get("urgency") or "",
        partner_id=data.get("partner_id"),
        about=str(data.get("need_number") or ""),
        raised=bool(data.get("risen")),
    )


def summary_of(event: Event) -> ContactSummary:
    """What `registry.defender.resolved` says about contact."""
    data, contact = event.data, event.data["contact"]
    return ContactSummary(
        case_ref=data["case_ref"],
        defender_ref=data["defender_ref"],
        may_contact=contact["may_contact"],
        channels=tuple(contact["channels"]),
        sequence=event.sequence or 0,
    )


class UnitAnnouncer:
    """Says what became of a message in the unit that changes it."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def sent(self, message: Message) -> None:
        """The channel took it."""
        self._say("sent", message, policy_version=message.policy_version)

    def failed(self, message: Message, next_step: str) -> None:
        """It is lost, and who is told instead."""
        self._say("failed", message, reason=message.reason, next_step=next_step)

    def refused(self, message: Message) -> None:
        """It will not be sent."""
        self._say("refused", message, reason=message.reason, policy_version=message.policy_version)

    def acknowledged(self, message: Message) -> None:
        """A human has seen it."""
        self._say("acknowledged", message, by=message.acknowledged_by or "")

    def _say(self, what: str, message: Message, **more: str) -> None:
        event = make(
            f"notify.message.{what}.v1",
            subject=message.case_ref,
            data=_named(message) | more,
            urgent=message.urgent,
            traceparent=self._unit.traceparent,
            time=self._unit.now,
        )
        self._unit.emit(event)


def _named(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "case_ref": message.case_ref,
        "cause": message.cause,
        "recipient_kind": message.recipient.kind,
        "recipient_ref": message.recipient.ref,
        "template": message.template,
        "channel": message.channel,
    }
