"""What the registry answers about contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.kernel.records import to_record
from services.registry.contact.model import ContactRecord, Rule, Terms, Way
from services.registry.people.identity import Identity
from services.registry.people.read import as_shown
from services.registry.people.responses import WayShown
from services.registry.people.showing import Reader


class KeptContactShown(WayShown):
    """One confirmed contact; `due_at` is when it is to be confirmed again, `overdue` when no machine relies on it any more."""

    contact_id = fields.String(metadata=INTERNAL)
    allowed = fields.Boolean(metadata=INTERNAL)
    person_calls = fields.Boolean(metadata=INTERNAL)
    confirmed_at = fields.AwareDateTime(metadata=INTERNAL)
    confirmed_by = fields.String(metadata=INTERNAL)
    confirmed_how = fields.String(metadata=INTERNAL)
    due_at = fields.AwareDateTime(metadata=INTERNAL)
    is_due = fields.Boolean(metadata=INTERNAL)
    overdue = fields.Boolean(metadata=INTERNAL)


class StopShown(Tolerant):
    """Since when, by whom and why no one contacts the person."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    by = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)


class ContactsShown(Tolerant):
    """What officers recorded of contact with a person; without the scope `identity:read` addresses and words are masked."""

    defender_ref = fields.String(metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    stopped = fields.Nested(StopShown, allow_none=True, metadata=INTERNAL)
    zone = fields.String(metadata=INTERNAL)
    contacts = fields.List(fields.Nested(KeptContactShown), metadata=INTERNAL)


class ContactKept(Tolerant):
    """The contact's id, and when it is to be confirmed again."""

    defender_ref = fields.String(metadata=INTERNAL)
    contact_id = fields.String(metadata=INTERNAL)
    due_at = fields.AwareDateTime(metadata=INTERNAL)


class ContactStopped(Tolerant):
    """Whether contact is stopped, and since when."""

    defender_ref = fields.String(metadata=INTERNAL)
    stopped = fields.Boolean(metadata=INTERNAL)
    since = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


def stop_shown(records: list[ContactRecord]) -> dict[str, Any] | None:
    """Return the first stop of a person's records, or None."""
    stopped = sorted((each for each in records if each.stopped_at), key=lambda each: str(each.stopped_at))
    if not stopped:
        return None
    return {"at": stopped[0].stopped_at, "by": stopped[0].stopped_by, "reason": stopped[0].stop_reason}


def contact_shown(rule: Rule, way: Way, reader: Reader, terms: Terms, now: datetime) -> dict[str, Any]:
    """Return one confirmed contact as this reader may see it, and whether it may be used now."""
    shown = to_record(rule, "id")
    if not reader.sees_identity:
        shown |= {"address": _masked(rule), "hours": [], "code_word": None, "stop_word": None, "instructions": None}
    due = terms.due(rule)
    return shown | {
        "contact_id": rule.id,
        "why_not": str(way.may_now(now) or ""),
        "due_at": due,
        "is_due": due <= now,
        "overdue": terms.is_overdue(rule, now),
    }


def _masked(rule: Rule) -> str:
    identity = Identity(emails=(rule.address,)) if rule.channel == "email" else Identity(phones=(rule.address,))
    shown = as_shown(identity, Reader("", sees_identity=False))
    return (*shown.phones, *shown.emails)[0]
