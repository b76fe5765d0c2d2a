"""What is stored. References, codes and times stand in clear; whatever tells who someone is stands sealed or hashed."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, hashed, sealed


class DefenderDocument(Stored):
    """One person's record; `identity` is sealed under `person:<id>`, `name_keys` are keyed hashes."""

    identity = BinaryField(required=True, **sealed("cases"))
    name_keys = ListField(StringField(), **hashed("cases"))
    created_at = DateTimeField(required=True, **INTERNAL)
    restrictions = ListField(DictField(), **INTERNAL)
    statements = ListField(DictField(), **INTERNAL)
    linked_to = StringField(**INTERNAL)
    fading_since = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "defenders",
        "indexes": ["name_keys", "linked_to", {"fields": ["fading_since"], "sparse": True}],
    }


class ContactDocument(Stored):
    """One phone or e-mail by its keyed hash (the id), and whose it is. Its unique id is what two first reports meet in."""

    id = StringField(primary_key=True, **hashed("cases"))
    kind = StringField(required=True, **INTERNAL)
    defender_refs = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "contacts", "indexes": ["defender_refs"]}


class CaseDocument(Stored):
    """One case; `told` is sealed under the person's scope, or `case:<id>` when anonymous; None once forgotten."""

    defender_ref = StringField(**INTERNAL)
    resolution = StringField(required=True, **INTERNAL)
    urgent = BooleanField(required=True, **INTERNAL)
    told = BinaryField(**sealed("cases"))
    received_at = DateTimeField(required=True, **INTERNAL)
    tellings = ListField(DictField(), **INTERNAL)
    statements = ListField(DictField(), **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    state = StringField(required=True, **INTERNAL)
    intake_sequence = IntField(required=True, **INTERNAL)
    withdrawn_at = DateTimeField(**INTERNAL)
    absorbed = BooleanField(required=True, **INTERNAL)
    said = ListField(StringField(), **INTERNAL)
    corrected = DictField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "cases",
        "indexes": [
            ("defender_ref", "received_at"),
            ("state", "received_at"),
            {"fields": ["withdrawn_at"], "partialFilterExpression": {"state": "withdrawn"}},
            {"fields": ["received_at"], "name": "unabsorbed", "partialFilterExpression": {"absorbed": False}},
        ],
    }


class CandidateDocument(Stored):
    """A probable match that waits for a human, or what the human said."""

    defender_ref = StringField(required=True, **INTERNAL)
    suggestions = ListField(DictField(), **INTERNAL)
    created_at = DateTimeField(required=True, **INTERNAL)
    verdict = StringField(required=True, **INTERNAL)
    decided_by = StringField(**INTERNAL)
    decided_at = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "candidates",
        "indexes": [("verdict", "created_at"), ("suggestions.defender_ref", "verdict")],
    }


class DisclosureDocument(Stored):
    """What was done about one offer (the id)."""

    case_ref = StringField(required=True, **INTERNAL)
    partner_id = StringField(required=True, **INTERNAL)
    at = DateTimeField(required=True, **INTERNAL)
    refusal = StringField(**INTERNAL)
    vouch = StringField(**INTERNAL)
    signature = StringField(**INTERNAL)
    ended = BooleanField(**INTERNAL)
    case_salt = StringField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "disclosures", "indexes": ["case_ref", "refusal"]}


class PinDocument(Stored):
    """The partner's keys (its id is the partner's) that contacts were last sealed to."""

    key_id = StringField(required=True, **INTERNAL)
    signing_key_id = StringField(**INTERNAL)
    issued_at = DateTimeField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "pins"}


DOCUMENTS = (DefenderDocument, ContactDocument, CaseDocument, CandidateDocument, DisclosureDocument, PinDocument)
