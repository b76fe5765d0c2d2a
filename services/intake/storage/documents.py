"""Intake's records. What is sensitive is a sealed box or ciphertext; what must be compared is a keyed hash."""

from __future__ import annotations

from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from ngao.chassis.storage.documents import Stored


class ReportDocument(Stored):
    """One report. Lists of dictionaries hold codes, times and references only."""

    case_ref = StringField(required=True)
    source_id = StringField(required=True)
    source_event_id = StringField(required=True)
    fingerprint = StringField(required=True)
    received_at = DateTimeField(required=True)
    occurred_at = DateTimeField(required=True)
    occurred_precision = StringField(required=True)
    reporter_role = StringField(required=True)
    violations = ListField(DictField())
    needs = ListField(StringField())
    needs_suggested = BooleanField(required=True)
    county = StringField(required=True)
    place_precision = StringField(required=True)
    languages = ListField(StringField())
    consents = ListField(DictField())
    consent_changes = ListField(DictField())
    urgency = StringField(required=True)
    points = IntField(required=True)
    reasons = ListField(DictField())
    policy_version = StringField(required=True)
    earlier_reports = IntField(required=True)
    defender_ref = StringField()
    sealed_identity = DictField()
    person_keys = ListField(StringField())
    narrative_parts = ListField(BinaryField())
    attachments = BinaryField()
    story = ListField(DictField())
    helpers = ListField(DictField())
    updates_seen = ListField(StringField())
    mapping = DictField()
    updated_at = DateTimeField()
    withdrawn_at = DateTimeField()

    meta = {  # noqa: RUF012  # mongoengine's way
        "db_alias": "intake",
        "collection": "reports",
        "indexes": [
            {"fields": ["source_id", "source_event_id"], "unique": True},
            {"fields": ["case_ref"], "unique": True},
            {"fields": ["person_keys", "-received_at"]},
        ],
    }


class SourceDocument(Stored):
    """One system that may post; of its keys only the hashes."""

    created_at = DateTimeField(required=True)
    enabled = BooleanField(required=True)
    profile = StringField()
    rate_per_second = FloatField()
    key_hashes = ListField(StringField())

    meta = {"db_alias": "intake", "collection": "sources", "indexes": []}  # noqa: RUF012  # mongoengine's way


DOCUMENTS = (ReportDocument, SourceDocument)
