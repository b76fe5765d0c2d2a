"""No field without a data class; nothing sensitive without a seal where it is stored, and a time after which it is forgotten.

Read from contracts, HTTP schemas and stored records. A new sensitive field fails here until somebody has said where it is kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ngao.chassis.http.openapi import FieldProblem, ProblemDocument
from ngao.chassis.storage.held import ACCOUNTS_RULE, APPROVALS_RULE, FORMS_RULE, HANDED_RULE, OUTBOX_RULE, Held
from ngao.contracts import CATALOGUE, DataClass
from ngao.local.configuration import SERVICES
from tests.support.inventory import HELD_CLOSED, declared, over_http, sent_to_us, stored

POLICY = Path(__file__).resolve().parents[2] / "deploy" / "policy" / "retention.yaml"
RULES = yaml.safe_load(POLICY.read_text("utf-8"))["services"]
SCHEMAS = {
    **{each.name: each.schema for each in CATALOGUE.values()}, **dict(over_http()),
    "problem": ProblemDocument, "field problem": FieldProblem,
}  # fmt: skip

_PERSON = ("intake.reports.sealed_identity", "intake.reports.person_keys", "registry.cases.told")
_RECORD = ("registry.defenders.identity", "registry.defenders.name_keys", "registry.contacts._id")
_IDENTITY = (*_PERSON, *_RECORD)
_CONTACT = (
    "address", "hours", "zone", "who_answers", "shared_device", "low_detail", "voicemail", "caller_name", "code_word",
    "stop_word", "instructions",
)  # fmt: skip
_MEMBERSHIP = ("registry.memberships.memberships", "registry.memberships.places")
_CHECKIN = ("registry.checkins.details",)
_ASSESSMENT = ("threats", "vulnerabilities", "capacities", "measures")
_REPORT = {
    "subject/identity": _IDENTITY,
    "subject/attributes": _PERSON,
    "contact_safety": _PERSON,
    "narrative": ("intake.reports.narrative_parts", "intake.reports.fingerprint"),
    "attachments": ("intake.reports.attachments",),
}
KEPT: dict[str, tuple[str, ...]] = {
    **{f"{schema}/{part}": places for schema in ("Report", "ReportByPhone") for part, places in _REPORT.items()},
    "ReportUpdate/subject/identity": _IDENTITY,
    "ReportUpdate/subject/attributes": _PERSON,
    "ReportUpdate/contact_safety": _PERSON,
    "ReportUpdate/narrative": ("intake.reports.narrative_parts", "intake.reports.updates_seen"),
    "Registration/identity": _RECORD,
    **{f"ContactToKeep/{name}": ("registry.contact_safety.rules",) for name in _CONTACT},
    **{f"Invitation/{name}": _MEMBERSHIP for name in ("network", "hub", "role")},
    "EntryToKeep/session_id": ("registry.trainings.entries", "registry.trainings.places"),
    **{f"AssessmentToSave/{name}": ("registry.assessments.content",) for name in _ASSESSMENT},
    "TableToImport/table": (*_RECORD, *_MEMBERSHIP),
    "CheckinPlan/contacts": _CHECKIN,
    "CheckinPlan/note": _CHECKIN,
    "CheckinPlan/safe_word": ("registry.checkins.safe_hash",),
    "CheckinPlan/help_word": ("registry.checkins.help_hash",),
    "AnswerGiven/link": ("registry.checkins.link_hash",),
    "AnswerGiven/word": ("registry.checkins.pending",),
    "WordGiven/word": ("registry.checkins.pending",),
    "Looked/identity": (),  # compared in memory with what is there, and not kept
    "NoteToWrite/text": ("intake.notes.text",),
    "SealedReport/box": (),  # opened in memory, and kept no more than any other report
    "RosterEntry/email": ("notify.roster.address",),
}
"""Where what comes in is kept: a field, or all fields below a pointer."""


BOXES_FOR_PARTNERS, BOX_FOR_A_MESSAGE = "referral.partner_events.boxed", "notify.handed.box"
"""What a partner reads again over HTTP: the box that went to its queue, which only it opens; the registry's box for notify."""
PROOFS = {f"console.accounts.{name}" for name in ("password_hash", "recovery_hashes", "totp_sealed", "organisation")}
"""What proves who signs in at a page: typed into a form, or made for it, and described by no schema."""
KEPT_FORMS = {"console.kept_forms.body"}
"""What was typed into a form of pages whose session had ended: ciphertext; the browser has its key, for a quarter of an hour."""
PASSING = ("outbox.body", "outbox.record", "parked.body", "parked.digest", "parked.name", "approvals.asked", "approvals.result")
STORED = {f"{service}.{name}": (service, field) for service, name, field in stored()}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_that_is_said_asked_or_answered_has_a_data_class(name: str) -> None:
    without = [path for path, field in declared(SCHEMAS[name]) if not isinstance(field.metadata.get("class"), DataClass)]
    assert without == []


def test_every_field_that_is_stored_says_what_it_holds() -> None:
    assert [name for name, (_, field) in STORED.items() if not isinstance(field.get("held"), Held)] == []


def test_what_is_sealed_or_hashed_is_forgotten_by_a_rule_and_nothing_else_is() -> None:
    for name, (service, field) in STORED.items():
        if field["held"] is Held.INTERNAL:
            assert field["rule"] == "", name
        else:
            assert field["rule"] in {*RULES[service], OUTBOX_RULE, APPROVALS_RULE, ACCOUNTS_RULE, FORMS_RULE, HANDED_RULE}, name


def test_every_rule_forgets_something() -> None:
    used = {(service, field["rule"]) for service, field in STORED.values()}
    assert {(service, rule) for service, rules in RULES.items() for rule in rules} <= used


def test_everything_sensitive_that_comes_in_is_kept_where_it_is_sealed_or_hashed() -> None:
    coming = {f"{each.__name__}{path}" for each in sent_to_us() for path, field in declared(each)
              if field.metadata["class"] in HELD_CLOSED}  # fmt: skip
    covered = {name for name in coming for kept in KEPT if name == kept or name.startswith(f"{kept}/")}
    above = {name for name in coming for kept in KEPT if kept.startswith(f"{name}/")}
    assert coming - covered - above == set()
    assert set(KEPT) <= coming
    places = {place for places in KEPT.values() for place in places}
    assert places - set(STORED) == set()
    assert [place for place in places if STORED[place][1]["held"] is Held.INTERNAL] == []


def test_nothing_is_sealed_or_hashed_of_which_nobody_knows_what_it_is() -> None:
    """But for what passes through the chassis, which is whatever comes."""
    places = {place for places in KEPT.values() for place in places}
    ours = {name for name, (_, field) in STORED.items() if field["held"] is not Held.INTERNAL}
    passing = {f"{service}.{name}" for service in SERVICES for name in PASSING}
    assert ours - passing - PROOFS - KEPT_FORMS - {BOXES_FOR_PARTNERS, BOX_FOR_A_MESSAGE} == places
    assert ours >= PROOFS | KEPT_FORMS
