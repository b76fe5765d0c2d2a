"""Domain to record and back."""

from __future__ import annotations

from typing import Any

from ngao.kernel.records import from_record, to_record
from services.notify.documents import MessageDocument
from services.notify.ladders.model import Alarm
from services.notify.messages.model import Message
from services.notify.roster.model import ContactSummary, Recipient


def message_to_document(message: Message) -> MessageDocument:
    """A record of this message, with the revision it was read with."""
    return MessageDocument(
        recipient_kind=message.recipient.kind,
        recipient_ref=message.recipient.ref,
        reference=message.reference,
        due=message.next_attempt,
        **to_record(message, "recipient", "next_attempt"),
    )


def message_from_record(record: dict[str, Any]) -> Message:
    """A message from a record as the driver gives it."""
    recipient = Recipient(record["recipient_kind"], record["recipient_ref"])
    return from_record(Message, record, id=record["_id"], recipient=recipient, next_attempt=record.get("due"))


def alarm_to_record(alarm: Alarm) -> dict[str, Any]:
    """A record of how a case's alarm stands."""
    return {"_id": alarm.case_ref, **to_record(alarm, "case_ref", "revision")}


def alarm_from_record(record: dict[str, Any]) -> Alarm:
    """How a case's alarm stands, from its record."""
    return from_record(Alarm, record, case_ref=record["_id"])


def summary_to_record(summary: ContactSummary) -> dict[str, Any]:
    """A record of what the registry said."""
    return {"_id": summary.case_ref, **to_record(summary, "case_ref", "revision")}


def summary_from_record(record: dict[str, Any]) -> ContactSummary:
    """What the registry said, from its record."""
    return from_record(ContactSummary, record, case_ref=record["_id"])
