"""Take a report in: recognise a repeat, check it, seal who it is about, judge it, keep it, say so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.kernel.actors import Actor
from ngao.kernel.consent import carried_over
from ngao.kernel.problems import FieldError
from ngao.kernel.text import clean
from services.intake.ports import Desk
from services.intake.reports.dates import with_likely_date
from services.intake.reports.draft import Draft, Person, canonical_content, content_as_received, readable
from services.intake.reports.model import SOONEST_AGAIN, Report, SealedIdentity
from services.intake.reports.person_keys import person_keys
from services.intake.reports.problems import MappedBy
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of
from services.intake.triage.judging import judge, told_of
from services.intake.triage.model import Facts


@dataclass(frozen=True)
class Receipt:
    """The answer to a source. `withdrawn` is true if the source took the report back, so that nobody helps because of it.

    `narrative_cut` is true if the report had no room for all of the update's narrative.
    """

    report_id: str
    case_ref: str
    urgency: str
    duplicate: bool
    withdrawn: bool = False
    narrative_cut: bool = False


def receive_report(
    desk: Desk, source_id: str, draft: Draft, mapping: MappedBy | None = None, *, made_by: str = ""
) -> Receipt:
    """Take a report in once, however often it is posted; `made_by` marks the edited form that makes it, if one does.

    Raises InvalidInput for codes that the lists do not know, NotAllowedNow (`conflicting-repeat`) if the source used the same
    id before for something else.
    """
    before = desk.reports.by_source_event(source_id, draft.source_event_id)
    if before:
        return _repeat(desk, before, draft)
    refuse(problems_of(draft, desk.rules.vocabulary, desk.now))
    report = _report(desk, source_id, with_likely_date(draft, desk.now, desk.now), mapping)
    report.updates_seen = (made_by,) if made_by else ()
    desk.reports.put(report)
    desk.announce.accepted(report)
    detail = {"urgency": report.triage.urgency, "policy_version": report.triage.policy_version}
    desk.journal("report.accepted", subject=report.case_ref, actor=Actor.source(source_id), detail=detail)
    return receipt_of(desk, report, duplicate=False)


def receipt_of(desk: Desk, report: Report, *, duplicate: bool) -> Receipt:
    """The answer about a report, with the urgency that its source may know."""
    withdrawn = report.withdrawn_at is not None
    return Receipt(report.id, report.case_ref, told_of(desk, report).urgency, duplicate=duplicate, withdrawn=withdrawn)


def refuse(problems: Sequence[FieldError]) -> None:
    """Raise InvalidInput with all problems, if there are any."""
    if problems:
        raise InvalidInput("The report has fields that cannot be taken.", problems)


def facts_of(desk: Desk, draft: Draft) -> Facts:
    """What triage may know of a report that is not stored yet."""
    when, how_exactly = draft.occurred_at, draft.occurred_precision
    return Facts(draft.violations, when, how_exactly, draft.reporter_role, draft.needs, desk.now, desk.now)


def is_same(desk: Desk, before: Report, draft: Draft) -> bool:
    """Whether a draft has the content that a report was taken in with."""
    return before.fingerprint in (desk.hashes.of("content", form(draft)) for form in (canonical_content, content_as_received))


def _repeat(desk: Desk, before: Report, draft: Draft) -> Receipt:
    """The answer that was given before; of a forgotten report nobody can say any more what it was."""
    if not before.forgotten_at and not is_same(desk, before, draft):
        message = "This source_event_id was used before for a report with other content. Post later facts as an update."
        raise NotAllowedNow(message, slug="conflicting-repeat")
    return receipt_of(desk, before, duplicate=True)


def _report(desk: Desk, source_id: str, draft: Draft, mapping: MappedBy | None) -> Report:
    vocabulary = desk.rules.vocabulary
    keys = person_keys(draft.person, desk.hashes, desk.rules)
    proposed = () if draft.needs else needs_suggested_by(draft.violations, vocabulary)
    judgement = judge(desk, source_id, facts_of(desk, draft), keys)
    report = Report(
        id=desk.ids.report_id(),
        case_ref=desk.ids.case_ref(),
        source_id=source_id,
        source_event_id=draft.source_event_id,
        fingerprint=desk.hashes.of("content", canonical_content(draft)),
        received_at=desk.now,
        occurred_at=draft.occurred_at,
        occurred_precision=draft.occurred_precision,
        reporter_role=draft.reporter_role,
        violations=tuple(replace(each, ongoing=bool(each.ongoing)) for each in draft.violations),
        needs=tuple(dict.fromkeys(draft.needs)) or proposed,
        needs_proposed=proposed,
        county=county_of(draft.place, vocabulary) or "",
        place_precision=draft.place.precision if draft.place else "",
        languages=draft.languages,
        consents=carried_over((), draft.consents, desk.now),
        triage=judgement.whole,
        told=judgement.told,
        defender_ref=draft.person.defender_ref,
        person_keys=keys,
        mapping=mapping,
        doubt=draft.doubt,
        tell_again_at=desk.now + SOONEST_AGAIN,
    )
    report.sealed_identity = seal_person(desk, report.case_ref, draft.person)
    report.is_news_for_others(desk.now)
    _seal_content(desk, report, draft)
    return report


def seal_person(desk: Desk, case_ref: str, person: Person) -> SealedIdentity | None:
    """What is told about the person, in a box that only the registry opens."""
    person = person.readable()
    if not person.needs_sealing:
        return None
    payload = {
        "v": 1,
        "case_ref": case_ref,
        "identity": person.identity,
        "attributes": person.attributes,
        "contact_safety": person.contact_safety,
    }
    return desk.seals.to_registry(json.dumps(payload, ensure_ascii=False).encode())


def _seal_content(desk: Desk, report: Report, draft: Draft) -> None:
    narrative = clean(draft.narrative or "")
    if narrative:
        report.narrative_parts = (desk.vault.seal(report, "narrative.0", narrative.encode()),)
    if draft.attachments:
        attachments = json.dumps(readable(draft.attachments))
        report.attachments = desk.vault.seal(report, "attachments", attachments.encode())
