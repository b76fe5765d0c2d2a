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
from ngao.chassis.storage.held import INTERNAL, hashed, sealed

DRY_RUN_DAYS = 7


class ReportDocument(Stored):
    """One report. Lists of dictionaries hold codes, times and references only."""

    case_ref = StringField(required=True, **INTERNAL)
    source_id = StringField(required=True, **INTERNAL)
    source_event_id = StringField(required=True, **INTERNAL)
    fingerprint = StringField(required=True, **hashed("reports"))
    received_at = DateTimeField(required=True, **INTERNAL)
    occurred_at = DateTimeField(required=True, **INTERNAL)
    occurred_precision = StringField(required=True, **INTERNAL)
    reporter_role = StringField(required=True, **INTERNAL)
    violations = ListField(DictField(), **INTERNAL)
    needs = ListField(StringField(), **INTERNAL)
    needs_proposed = ListField(StringField(), **INTERNAL)
    needs_suggested = BooleanField(**INTERNAL)
    county = StringField(**INTERNAL)
    place_precision = StringField(**INTERNAL)
    languages = ListField(StringField(), **INTERNAL)
    consents = ListField(DictField(), **INTERNAL)
    consent_changes = ListField(DictField(), **INTERNAL)
    urgency = StringField(required=True, **INTERNAL)
    points = IntField(required=True, **INTERNAL)
    reasons = ListField(DictField(), **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    earlier_reports = IntField(required=True, **INTERNAL)
    told = DictField(**INTERNAL)
    decision = DictField(**INTERNAL)
    defender_ref = StringField(**INTERNAL)
    sealed_identity = DictField(**sealed("reports"))
    person_keys = ListField(StringField(), **hashed("reports"))
    narrative_parts = ListField(BinaryField(), **sealed("reports"))
    attachments = BinaryField(**sealed("reports"))
    story = ListField(DictField(), **INTERNAL)
    helpers = ListField(DictField(), **INTERNAL)
    updates_seen = ListField(StringField(), **hashed("reports"))
    mapping = DictField(**INTERNAL)
    doubt = DictField(**INTERNAL)
    updated_at = DateTimeField(**INTERNAL)
    tell_again_at = DateTimeField(**INTERNAL)
    judge_others_at = DateTimeField(**INTERNAL)
    withdrawn_at = DateTimeField(**INTERNAL)
    closed_at = DateTimeField(**INTERNAL)
    forgotten_at = DateTimeField(**INTERNAL)

    meta = {  # noqa: RUF012  # mongoengine's way
        "db_alias": "intake",
        "collection": "reports",
        "indexes": [
            {"fields": ["source_id", "source_event_id"], "unique": True},
            {"fields": ["case_ref"], "unique": True},
            {"fields": ["person_keys", "-received_at"]},
            {"fields": ["tell_again_at"], "partialFilterExpression": {"tell_again_at": {"$exists": True}}},
            {"fields": ["judge_others_at"], "partialFilterExpression": {"judge_others_at": {"$exists": True}}},
            {"fields": ["forgotten_at", "received_at"]},
            {"fields": ["forgotten_at", "closed_at"], "partialFilterExpression": {"closed_at": {"$exists": True}}},
            {"fields": ["forgotten_at", "withdrawn_at"], "partialFilterExpression": {"withdrawn_at": {"$exists": True}}},
        ],
    }


class SourceDocument(Stored):
    """One system that may post; of its keys only the hashes."""

    created_at = DateTimeField(required=True, **INTERNAL)
    enabled = BooleanField(required=True, **INTERNAL)
    profile = StringField(**INTERNAL)
    rate_per_second = FloatField(**INTERNAL)
    key_hashes = ListField(StringField(), **INTERNAL)

    meta = {"db_alias": "intake", "collection": "sources", "indexes": []}  # noqa: RUF012  # mongoengine's way


class PinDocument(Stored):
    """The partner's keys (its id is the partner's) that narratives were last sealed to."""

    key_id = StringField(required=True, **INTERNAL)
    signing_key_id = StringField(**INTERNAL)
    issued_at = DateTimeField(required=True, **INTERNAL)

    meta = {"db_alias": "intake", "collection": "pins"}  # noqa: RUF012  # mongoengine's way


class DryRunDocument(Stored):
    """The dry runs about somebody that one source has asked for on one day (UTC), in all and by hour: counts alone."""

    day = DateTimeField(required=True, **INTERNAL)
    in_day = IntField(required=True, **INTERNAL)
    in_hours = DictField(IntField(), **INTERNAL)

    meta = {  # noqa: RUF012  # mongoengine's way
        "db_alias": "intake",
        "collection": "dry_runs",
        "indexes": [{"fields": ["day"], "expireAfterSeconds": DRY_RUN_DAYS * 86400}],
    }


DOCUMENTS = (ReportDocument, SourceDocument, PinDocument, DryRunDocument)
