"""The records, as MongoDB holds them. Nothing here names a person: cases are references, facts are codes."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, sealed

PARTNER_LOG_DAYS = 120


class CaseDocument(Stored):
    """A case with its needs and offers; it is small, read whole and written whole.

    `undisclosed_since` is the earliest of its offers': only cases in which a partner waits too long for a disclosure have one.
    """

    life = StringField(required=True, **INTERNAL)
    priority = IntField(required=True, **INTERNAL)
    next_deadline = DateTimeField(**INTERNAL)
    undisclosed_since = DateTimeField(**INTERNAL)
    created_at = DateTimeField(required=True, **INTERNAL)
    waiting_until = DateTimeField(**INTERNAL)
    closed_reason = StringField(**INTERNAL)
    reopened_at = DateTimeField(**INTERNAL)
    withdrawn_sequence = IntField(**INTERNAL)
    report = DictField(**INTERNAL)
    defender = DictField(**INTERNAL)
    tellings = ListField(DictField(), **INTERNAL)
    consents = ListField(DictField(), **INTERNAL)
    needs = ListField(DictField(), **INTERNAL)
    offers = ListField(DictField(), **INTERNAL)
    offer_ids = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "cases",
        "indexes": [
            {"fields": ["priority", "next_deadline"]},
            {"fields": ["undisclosed_since"], "partialFilterExpression": {"undisclosed_since": {"$exists": True}}},
            {"fields": ["offer_ids"]},
            {"fields": ["life", "-created_at"]},
            {"fields": ["-created_at"]},
        ],
    }


class PartnerDocument(Stored):
    """A partner of the directory."""

    name = StringField(required=True, **INTERNAL)
    support_types = ListField(StringField(), **INTERNAL)
    counties = ListField(StringField(), **INTERNAL)
    languages = ListField(StringField(), **INTERNAL)
    capacity = IntField(required=True, **INTERNAL)
    public_key = StringField(**INTERNAL)
    signing_key = StringField(**INTERNAL)
    vouch = StringField(**INTERNAL)
    vetted = BooleanField(required=True, **INTERNAL)
    suspended = BooleanField(required=True, **INTERNAL)
    revoked = BooleanField(**INTERNAL)
    hours = ListField(DictField(), **INTERNAL)
    timezone = StringField(required=True, **INTERNAL)
    key_hashes = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partners"}


class DirectoryDocument(Stored):
    """One record whose revision counts up with every change of any partner."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "directory"}


class EngagementDocument(Stored):
    """One offer from its partner's side. Counting these gives a partner's load without a counter that all cases share.

    `place` is which of the partner's places a live offer holds: the index lets no two offers hold one. `shown` is whether a human
    knows that a revoked partner holds it.
    """

    partner_id = StringField(required=True, **INTERNAL)
    state = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    place = IntField(**INTERNAL)
    shown = BooleanField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "engagements",
        "indexes": [
            {"fields": ["partner_id", "state"]},
            {"fields": ["at"]},
            {"fields": ["partner_id", "place"], "unique": True, "partialFilterExpression": {"place": {"$gte": 0}}},
        ],
    }


class PartnerEventDocument(Stored):
    """One event a partner was told. It gets its cursor when the partner asks, after it was committed.

    An event with a box for the partner stands in `boxed` instead of `body`, with its offer and its part, contact or narrative.
    """

    partner_id = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    cursor = IntField(**INTERNAL)
    body = StringField(**INTERNAL)
    boxed = StringField(**sealed("boxes"))
    offer_id = StringField(**INTERNAL)
    part = StringField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "partner_events",
        "indexes": [
            {"fields": ["partner_id", "cursor"]},
            {"fields": ["offer_id"], "sparse": True},
            {"fields": ["at"], "expireAfterSeconds": PARTNER_LOG_DAYS * 86400},
        ],
    }


class PartnerCursorDocument(Stored):
    """The last cursor that was given out to a partner."""

    last = IntField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partner_cursors"}


class HopDocument(Stored):
    """One step of a case's story; `place` orders steps of the same moment."""

    case_ref = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    place = IntField(required=True, **INTERNAL)
    what = StringField(required=True, **INTERNAL)
    actor = StringField(required=True, **INTERNAL)
    text = StringField(required=True, **INTERNAL)
    need = StringField(**INTERNAL)
    offer_id = StringField(**INTERNAL)
    partner_id = StringField(**INTERNAL)
    reason = StringField(**INTERNAL)
    reasons = ListField(DictField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "story", "indexes": [{"fields": ["case_ref", "at"]}]}


DOCUMENTS = (
    CaseDocument,
    PartnerDocument,
    DirectoryDocument,
    EngagementDocument,
    PartnerEventDocument,
    PartnerCursorDocument,
    HopDocument,
)
