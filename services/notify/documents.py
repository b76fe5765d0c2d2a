"""The records of notify. Addresses are sealed; messages hold references only."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, sealed


class MessageDocument(Stored):
    """One message and its life. `due` carries `next_attempt`: unset when nothing is to be sent."""

    cause = StringField(required=True, **INTERNAL)
    case_ref = StringField(required=True, **INTERNAL)
    recipient_kind = StringField(required=True, **INTERNAL)
    recipient_ref = StringField(required=True, **INTERNAL)
    reference = StringField(required=True, **INTERNAL)
    template = StringField(required=True, **INTERNAL)
    channel = StringField(required=True, **INTERNAL)
    urgent = BooleanField(required=True, **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    created_at = DateTimeField(required=True, **INTERNAL)
    state = StringField(required=True, **INTERNAL)
    reason = StringField(**INTERNAL)
    attempts = IntField(default=0, **INTERNAL)
    due = DateTimeField(**INTERNAL)
    lease = StringField(**INTERNAL)
    ladder = StringField(**INTERNAL)
    position = IntField(default=0, **INTERNAL)
    escalate_at = DateTimeField(**INTERNAL)
    acknowledged_by = StringField(**INTERNAL)
    urgency = StringField(default="", **INTERNAL)
    about = StringField(default="", **INTERNAL)
    gravity = IntField(default=0, **INTERNAL)
    event = StringField(default="", **INTERNAL)
    covered_by = StringField(**INTERNAL)
    held_since = DateTimeField(**INTERNAL)
    notes = ListField(DictField(), **INTERNAL)

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

    kind = StringField(required=True, **INTERNAL)
    ref = StringField(required=True, **INTERNAL)
    channel = StringField(required=True, **INTERNAL)
    language = StringField(required=True, **INTERNAL)
    address = BinaryField(required=True, **sealed("roster"))
    removed_at = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "roster"}


class ContactSummaryDocument(Stored):
    """What the registry said about contacting a case's defender; the id is the case reference."""

    defender_ref = StringField(**INTERNAL)
    may_contact = BooleanField(required=True, **INTERNAL)
    channels = ListField(StringField(), **INTERNAL)
    sequence = IntField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "contact_summaries"}


class AlarmDocument(Stored):
    """How the alarm of a case stands; the id is the case reference."""

    state = StringField(required=True, **INTERNAL)
    since = DateTimeField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "alarms", "indexes": [["state", "since"]]}


DOCUMENTS = (MessageDocument, RosterDocument, ContactSummaryDocument, AlarmDocument)
