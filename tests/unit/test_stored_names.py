"""The names under which the services store what they know: a renamed field in the code must not rename one in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from ngao.chassis.storage.unit_of_work import Unit
from services.intake.notes.model import CaseFile, Note
from services.intake.notes.store import CaseFileRepository, NoteRepository
from services.intake.reports.model import Report
from services.intake.reports.store import ReportRepository
from services.intake.sources.model import Source
from services.intake.sources.store import SourceCredentials, SourceRepository
from services.notify.ladders.model import AlarmRecord, CaseOwner
from services.notify.ladders.store import AlarmRecordRepository, OwnerRepository
from services.notify.messages.model import Message
from services.notify.messages.store import MessageRepository
from services.notify.roster.model import ContactSummary
from services.notify.roster.store import ContactSummaryRepository
from services.referral.cases.model import Case as ReferralCase
from services.referral.cases.store import CaseRepository as ReferralCases
from services.referral.cases.store import TimelineRepository
from services.referral.cases.timeline import Step
from services.referral.directory.model import Partner
from services.referral.directory.store import PartnerDocument
from services.registry.candidates.store import CandidateRepository
from services.registry.cases.model import Case as RegistryCase
from services.registry.cases.store import CaseRepository
from services.registry.disclosure.model import Disclosure
from services.registry.disclosure.store import DisclosureRepository
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate
from services.registry.people.store import DefenderRepository
from tests.support.filled import NOW, filled
from tests.support.registry import POLICY


def names(record: Any, before: str = "") -> set[str]:
    """Every field of a record, what is sealed in it included, with the path to it."""
    if isinstance(record, bytes) and record.startswith(b"{"):
        return names(json.loads(record), before)
    if isinstance(record, Mapping):
        return {path for name, value in record.items() for path in {before + name, *names(value, f"{before}{name}.")}}
    if isinstance(record, list | tuple):
        return {path for each in record for path in names(each, before)}
    return set()


def unit() -> Any:
    made = Unit(NOW, SimpleNamespace(lookup_hash=lambda *_: "hash"), None)  # type: ignore[arg-type]  # nothing is read
    made._sealer = SimpleNamespace(seal=lambda *said: said[-1], begin=lambda *_: None)  # type: ignore[assignment]
    return made


def written(repository: Any, write: str, *values: Any) -> set[str]:
    here = unit()
    getattr(repository(here), write)(*values)
    (only,) = [*(write.document for write in here.writes.values()), *(record for _, record in here.carried)]
    return names(only)


def stored() -> dict[str, set[str]]:
    def defenders(here: Any) -> DefenderRepository:
        repository = DefenderRepository(here, POLICY)
        repository._name_keys = lambda _: ["key"]
        return repository

    return {
        "intake.case_file": written(CaseFileRepository, "save", filled(CaseFile)),
        "intake.note": written(NoteRepository, "save", filled(Note)),
        "intake.report": names(ReportRepository(unit())._record(filled(Report))),
        "intake.source": written(lambda here: SourceRepository(here, SourceCredentials()), "save", filled(Source)),
        "notify.alarm": written(AlarmRecordRepository, "save", filled(AlarmRecord)),
        "notify.message": written(MessageRepository, "save", filled(Message)),
        "notify.owner": written(OwnerRepository, "save", filled(CaseOwner)),
        "notify.summary": written(ContactSummaryRepository, "save", filled(ContactSummary)),
        "referral.case": written(ReferralCases, "save", filled(ReferralCase)),
        "referral.hop": written(TimelineRepository, "note", "NG-1", filled(Step)),
        "referral.partner": names(PartnerDocument.record_of(filled(Partner))),
        "registry.candidate": written(CandidateRepository, "save", filled(Candidate)),
        "registry.case": written(CaseRepository, "save", filled(RegistryCase)),
        "registry.defender": written(defenders, "save", filled(Defender)),
        "registry.disclosure": written(DisclosureRepository, "save", filled(Disclosure)),
    }


STORED = {
    "intake.case_file": """
        _id flags flags.changed_at flags.changed_by flags.code flags.is_set flags_revision notes revision
    """,
    "intake.note": """
        _id at author case_ref corrects number revision text
    """,
    "intake.report": """
        _id attachments case_ref closed_at consent_changes consent_changes.effective_at consent_changes.granted
        consent_changes.purpose consent_changes.recipient consent_changes.retracted consent_changes.scope
        consent_changes.sequence consent_changes.until consents consents.given_at consents.purpose consents.recipient
        consents.scope consents.until county decision decision.points decision.reason decision.rules decision.urgency
        defender_ref doubt doubt.precision doubt.reason doubt.stated earlier_reports fingerprint forgotten_at helpers
        helpers.distrust helpers.offer_id helpers.partner_id helpers.parts_disclosed helpers.signature helpers.vouch
        helpers.vouch_sequence judge_others_at languages mapping mapping.discarded mapping.left_out
        mapping.left_out.code mapping.left_out.field mapping.version narrative_parts needs needs_proposed occurred_at
        occurred_precision person_keys place_precision points policy_version reasons reasons.rule reasons.text
        received_at reporter_role restricted restricted_sequence sealed_identity sealed_identity.box
        sealed_identity.key_id source_event_id source_id story story.at story.case_salt story.need story.needs_again
        story.offer_id story.sequence story.what tell_again_at told told.earlier_reports told.points
        told.policy_version told.reasons told.reasons.rule told.reasons.text told.urgency updated_at updates_seen
        urgency violations violations.against violations.counts_from violations.involvements violations.occurred_at
        violations.occurred_precision violations.ongoing violations.perpetrators violations.type withdrawn_at
    """,
    "intake.source": """
        _id created_at enabled key_hashes profile rate_per_second revision
    """,
    "notify.alarm": """
        _id revision since state
    """,
    "notify.message": """
        _id about acknowledged_by asked attempts case_ref cause channel covered_by created_at due escalate_at event
        gravity held_since ladder lease notes notes.at notes.reason notes.what policy_version position reason recipient_kind
        recipient_ref reference revision state template urgency urgent
    """,
    "notify.owner": """
        _id owner revision sequence
    """,
    "notify.summary": """
        _id channels defender_ref may_contact revision sequence
    """,
    "referral.case": """
        _id closed_reason consents consents.at consents.granted consents.recipient consents.retracted consents.scope
        consents.sequence consents.until created_at defender defender.defender_ref defender.never_refer
        defender.resolution defender.sequence life needs needs.first_offer needs.match_again needs.name needs.proposed
        needs.second_chance needs.state needs.told next_deadline offer_ids offers offers.accepted_at offers.attempt
        offers.case_salt offers.contact offers.contact_sequence offers.detail offers.disclose_by offers.due offers.early
        offers.ended_at offers.id offers.late offers.made_at offers.narrative offers.narrative_sequence offers.need
        offers.partner_id offers.policy_version offers.reasons offers.reasons.rule offers.reasons.text offers.received
        offers.signature offers.signature_key_id offers.state offers.told_of offers.undisclosed_since owned_since
        owner priority reopened_at
        report report.county report.languages report.needs report.proposed report.received_at report.report_id
        report.sequence report.urgency revision tellings tellings.grants tellings.grants.at tellings.grants.granted
        tellings.grants.recipient tellings.grants.scope tellings.grants.until tellings.sequence undisclosed_since
        waiting_until withdrawn_sequence
    """,
    "referral.hop": """
        _id actor at case_ref need offer_id partner_id place reason reasons reasons.rule reasons.text revision text what
    """,
    "referral.partner": """
        _id capacity counties hours hours.closes hours.days hours.opens key_hashes languages name public_key
        revoked signing_key support_types suspended timezone vetted vouch
    """,
    "registry.candidate": """
        _id created_at decided_at decided_by defender_ref revision suggestions suggestions.defender_ref
        suggestions.reasons suggestions.score unsure_at unsure_by verdict
    """,
    "registry.case": """
        _id absorbed contact_stated_at corrected corrected.word defender_ref ended ended.at ended.granted ended.purpose
        ended.recipient ended.scope ended.until intake_sequence person_statements person_statements.at
        person_statements.granted person_statements.purpose person_statements.recipient
        person_statements.scope person_statements.until policy_version received_at resolution restricted
        revision said state statements statements.at statements.granted statements.purpose
        statements.recipient statements.scope statements.until tellings tellings.consents tellings.consents.at
        tellings.consents.granted tellings.consents.purpose tellings.consents.recipient tellings.consents.scope
        tellings.consents.until tellings.sequence told told.attributes told.attributes.word told.contact_safety
        told.contact_safety.channels told.contact_safety.code_word told.contact_safety.hours
        told.contact_safety.hours.word told.contact_safety.instructions told.contact_safety.may_contact
        told.contact_safety.shared_phone told.contact_safety.voicemail told.identity told.identity.emails
        told.identity.names told.identity.phones told.identity.phones_told urgent withdrawn_at
    """,
    "registry.defender": """
        _id created_at fading_since identity identity.emails identity.names identity.phones identity.phones_told keyed_by kept_for
        linked_to name_keys restrictions restrictions.kind restrictions.partner_id restrictions.reason restrictions.since revision
        statements statements.at statements.granted statements.purpose statements.recipient statements.scope
        statements.until
    """,
    "registry.disclosure": """
        _id at box_digest case_ref case_salt ended partner_id refusal revision signature vouch
    """,
}


def test_every_record_keeps_the_names_of_its_fields() -> None:
    assert stored() == {record: set(listed.split()) for record, listed in STORED.items()}
