"""Domain to record and back."""

from __future__ import annotations

from typing import Any

from services.notify.documents import MessageDocument
from services.notify.ladders.model import Alarm, AlarmState
from services.notify.messages.model import Message, Note, State
from services.notify.roster.model import ContactSummary, Recipient

_SAME = (
    "cause", "case_ref", "template", "channel", "urgent", "policy_version", "created_at", "attempts", "ladder", "position",
    "escalate_at", "acknowledged_by", "lease", "covered_by", "held_since", "revision",
)  # fmt: skip


def message_to_document(message: Message) -> MessageDocument:
    """A record of this message, with the revision it was read with."""
    return MessageDocument(
        id=message.id,
        recipient_kind=message.recipient.kind,
        recipient_ref=message.recipient.ref,
        reference=message.reference,
        state=str(message.state),
        reason=message.reason,
        due=message.next_attempt,
        urgency=message.urgency,
        about=message.about,
        gravity=message.gravity,
        event=message.event,
        notes=[{"at": note.at, "what": note.what, "reason": note.reason} for note in message.notes],
        **{name: getattr(message, name) for name in _SAME},
    )


def message_from_record(record: dict[str, Any]) -> Message:
    """A message from a record as the driver gives it."""
    same: dict[str, Any] = {name: record.get(name) for name in _SAME}
    return Message(
        id=record["_id"],
        recipient=Recipient(record["recipient_kind"], record["recipient_ref"]),
        state=State(record["state"]),
        reason=record.get("reason", ""),
        next_attempt=record.get("due"),
        urgency=record.get("urgency", ""),
        about=record.get("about", ""),
        gravity=record.get("gravity", 0),
        event=record.get("event", ""),
        notes=[Note(**note) for note in record.get("notes", ())],
        **same,
    )


def alarm_to_record(alarm: Alarm) -> dict[str, Any]:
    """A record of how a case's alarm stands."""
    return {"_id": alarm.case_ref, "state": str(alarm.state), "since": alarm.since}


def alarm_from_record(record: dict[str, Any]) -> Alarm:
    """How a case's alarm stands, from its record."""
    return Alarm(record["_id"], AlarmState(record["state"]), record["since"], record["revision"])


def summary_to_record(summary: ContactSummary) -> dict[str, Any]:
    """A record of what the registry said."""
    return {
        "_id": summary.case_ref,
        "defender_ref": summary.defender_ref,
        "may_contact": summary.may_contact,
        "channels": list(summary.channels),
        "sequence": summary.sequence,
    }


def summary_from_record(record: dict[str, Any]) -> ContactSummary:
    """What the registry said, from its record."""
    return ContactSummary(
        case_ref=record["_id"],
        defender_ref=record.get("defender_ref"),
        may_contact=record["may_contact"],
        channels=tuple(record["channels"]),
        sequence=record["sequence"],
        revision=record["revision"],
    )
