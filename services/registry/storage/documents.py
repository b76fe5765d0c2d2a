"""What is stored. References, codes and times stand in clear; whatever tells who someone is stands sealed or hashed."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored


class DefenderDocument(Stored):
    """One person's record; `identity` is sealed under `person:<id>`, `name_keys` are keyed hashes."""

    identity = BinaryField(required=True)
    name_keys = ListField(StringField())
    created_at = DateTimeField(required=True)
    restrictions = ListField(DictField())
    statements = ListField(DictField())
    linked_to = StringField()
    fading_since = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "defenders",
        "indexes": ["name_keys", "linked_to", {"fields": ["fading_since"], "sparse": True}],
    }


class ContactDocument(Stored):
    """One phone or e-mail by its keyed hash (the id), and whose it is. Its unique id is what two first reports meet in."""

    kind = StringField(required=True)
    defender_refs = ListField(StringField())

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "contacts", "indexes": ["defender_refs"]}


class CaseDocument(Stored):
    """One case; `told` is sealed under the person's scope, or `case:<id>` when anonymous; None once forgotten."""

    defender_ref = StringField()
    resolution = StringField(required=True)
    urgent = BooleanField(required=True)
    told = BinaryField()
    received_at = DateTimeField(required=True)
    tellings = ListField(DictField())
    statements = ListField(DictField())
    policy_version = StringField(required=True)
    state = StringField(required=True)
    intake_sequence = IntField(required=True)
    keep_until = DateTimeField()
    absorbed = BooleanField(required=True)
    said = ListField(StringField())

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "cases",
        "indexes": [
            ("defender_ref", "received_at"),
            {"fields": ["keep_until"], "sparse": True},
            {"fields": ["received_at"], "name": "unabsorbed", "partialFilterExpression": {"absorbed": False}},
        ],
    }


class CandidateDocument(Stored):
    """A probable match that waits for a human, or what the human said."""

    defender_ref = StringField(required=True)
    suggestions = ListField(DictField())
    created_at = DateTimeField(required=True)
    verdict = StringField(required=True)
    decided_by = StringField()
    decided_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "candidates",
        "indexes": [("verdict", "created_at"), ("suggestions.defender_ref", "verdict")],
    }


class DisclosureDocument(Stored):
    """What was done about one offer (the id), once."""

    case_ref = StringField(required=True)
    partner_id = StringField(required=True)
    at = DateTimeField(required=True)
    refusal = StringField()

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "disclosures", "indexes": ["case_ref"]}


DOCUMENTS = (DefenderDocument, ContactDocument, CaseDocument, CandidateDocument, DisclosureDocument)
