"""The records of notify. Addresses are sealed; messages hold references only."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored


class MessageDocument(Stored):
    """One message and its life. `due` carries `next_attempt`: unset when nothing is to be sent."""

    cause = StringField(required=True)
    case_ref = StringField(required=True)
    recipient_kind = StringField(required=True)
    recipient_ref = StringField(required=True)
    reference = StringField(required=True)
    template = StringField(required=True)
    channel = StringField(required=True)
    urgent = BooleanField(required=True)
    policy_version = StringField(required=True)
    created_at = DateTimeField(required=True)
    state = StringField(required=True)
    reason = StringField()
    attempts = IntField(default=0)
    due = DateTimeField()
    lease = StringField()
    ladder = StringField()
    position = IntField(default=0)
    escalate_at = DateTimeField()
    acknowledged_by = StringField()
    notes = ListField(DictField())

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "notify",
        "collection": "messages",
        "indexes": [
            {"fields": ["-urgent", "due"], "partialFilterExpression": {"due": {"$exists": True}}},
            {"fields": ["-urgent", "escalate_at"], "partialFilterExpression": {"escalate_at": {"$exists": True}}},
            ["cause"],
            ["case_ref", "-created_at"],
            ["state", "-created_at"],
            ["reference"],
            ["-created_at"],
        ],
    }


class RosterDocument(Stored):
    """A duty officer or a partner's contact; the id is `<kind>:<ref>`."""

    kind = StringField(required=True)
    ref = StringField(required=True)
    channel = StringField(required=True)
    language = StringField(required=True)
    address = BinaryField(required=True)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "roster"}


class ContactSummaryDocument(Stored):
    """What the registry said about contacting a case's defender; the id is the case reference."""

    defender_ref = StringField()
    may_contact = BooleanField(required=True)
    channels = ListField(StringField())
    sequence = IntField(required=True)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "contact_summaries"}


DOCUMENTS = (MessageDocument, RosterDocument, ContactSummaryDocument)
