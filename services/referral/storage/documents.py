"""The records, as MongoDB holds them. Nothing here names a person: cases are references, facts are codes."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored

PARTNER_LOG_DAYS = 120


class CaseDocument(Stored):
    """A case with its needs and offers; it is small, read whole and written whole."""

    life = StringField(required=True)
    priority = IntField(required=True)
    next_deadline = DateTimeField()
    created_at = DateTimeField(required=True)
    waiting_until = DateTimeField()
    closed_reason = StringField()
    report = DictField()
    defender = DictField()
    tellings = ListField(DictField())
    consents = ListField(DictField())
    needs = ListField(DictField())
    offers = ListField(DictField())
    offer_ids = ListField(StringField())

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "cases",
        "indexes": [
            {"fields": ["priority", "next_deadline"]},
            {"fields": ["offer_ids"]},
            {"fields": ["life", "-created_at"]},
            {"fields": ["-created_at"]},
        ],
    }


class PartnerDocument(Stored):
    """A partner of the directory."""

    name = StringField(required=True)
    support_types = ListField(StringField())
    counties = ListField(StringField())
    languages = ListField(StringField())
    capacity = IntField(required=True)
    public_key = StringField()
    vetted = BooleanField(required=True)
    suspended = BooleanField(required=True)
    hours = ListField(DictField())
    timezone = StringField(required=True)
    key_hashes = ListField(StringField())

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partners"}


class DirectoryDocument(Stored):
    """One record whose revision counts up with every change of any partner."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "directory"}


class EngagementDocument(Stored):
    """One offer from its partner's side. Counting these gives a partner's load without a counter that all cases share."""

    partner_id = StringField(required=True)
    state = StringField(required=True)
    at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "engagements",
        "indexes": [{"fields": ["partner_id", "state"]}, {"fields": ["at"]}],
    }


class PartnerEventDocument(Stored):
    """One event a partner was told. It gets its cursor when the partner asks, after it was committed."""

    partner_id = StringField(required=True)
    at = DateTimeField(required=True)
    cursor = IntField()
    body = StringField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "referral",
        "collection": "partner_events",
        "indexes": [
            {"fields": ["partner_id", "cursor"]},
            {"fields": ["at"], "expireAfterSeconds": PARTNER_LOG_DAYS * 86400},
        ],
    }


class PartnerCursorDocument(Stored):
    """The last cursor that was given out to a partner."""

    last = IntField(required=True)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partner_cursors"}


class HopDocument(Stored):
    """One step of a case's story; `place` orders steps of the same moment."""

    case_ref = StringField(required=True)
    at = DateTimeField(required=True)
    place = IntField(required=True)
    what = StringField(required=True)
    actor = StringField(required=True)
    text = StringField(required=True)
    need = StringField()
    offer_id = StringField()
    partner_id = StringField()
    reason = StringField()
    reasons = ListField(DictField())

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
