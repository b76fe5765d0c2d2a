"""Receive a report: recognise a repeat, check it, seal who it is about, triage it, store it, publish it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.observability.logs import get_logger
from ngao.kernel.actors import Actor
from ngao.kernel.consent import carried_over
from ngao.kernel.problems import FieldError
from ngao.kernel.text import clean
from services.intake.context import Context
from services.intake.reports.dates import with_likely_date
from services.intake.reports.draft import Draft, Person, content_as_received, content_to_hash, readable
from services.intake.reports.model import SOONEST_AGAIN, MappedBy, Report, SealedIdentity
from services.intake.reports.person_keys import person_keys
from services.intake.reports.publishing import publish_accepted
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of
from services.intake.triage.model import Facts
from services.intake.triage.triage_twice import source_triage, triage_twice

_log = get_logger("intake")


@dataclass(frozen=True)
class Receipt:
    """The answer to a source. `withdrawn` is true if the source has withdrawn the report, so that no one helps because of it.

    `narrative_cut` is true if the report had no room for all of the update's narrative.
    """

    report_id: str
    case_ref: str
    urgency: str
    duplicate: bool
    withdrawn: bool = False
    narrative_cut: bool = False


def receive_report(
    ctx: Context, source_id: str, draft: Draft, mapping: MappedBy | None = None, *, first_update_mark: str = ""
) -> Receipt:
    """Receive a report once, however often it is posted.

    `first_update_mark` is the mark of the update that creates the report, because an edited form came and there was none yet.

    A repeat that is not looked up is a Conflict at commit, and is looked up then.
    Raises InvalidInput for codes that the lists do not know, NotAllowedNow (`conflicting-repeat`) if the source used the same
    id before for something else.
    """
    problems = problems_of(draft, ctx.policy.vocabulary, ctx.now)
    if (problems or ctx.unit.again or ctx.repeats.expected(source_id)) and (before := _before(ctx, source_id, draft)):
        return _repeat(ctx, before, draft)
    refuse(problems)
    report = _report(ctx, source_id, with_likely_date(draft, ctx.now, ctx.now), mapping)
    report.updates_seen = (first_update_mark,) if first_update_mark else ()
    ctx.reports.save(report)
    publish_accepted(ctx, report)
    detail = {"urgency": report.triage.urgency, "policy_version": report.triage.policy_version}
    ctx.audit("report.accepted", subject=report.case_ref, actor=Actor.source(source_id), detail=detail)
    return receipt_of(ctx, report, duplicate=False)


def receipt_of(ctx: Context, report: Report, *, duplicate: bool) -> Receipt:
    """Return the answer about a report, with the urgency that its source may know."""
    withdrawn = report.withdrawn_at is not None
    return Receipt(report.id, report.case_ref, source_triage(ctx, report).urgency, duplicate=duplicate, withdrawn=withdrawn)


def answer_of(ctx: Context, receipt: Receipt) -> dict[str, Any]:
    """Return the receipt as its source gets it, and log it."""
    _log.info("report.received", case_ref=receipt.case_ref, urgency=receipt.urgency, duplicate=receipt.duplicate)
    return {
        "report_id": receipt.report_id,
        "case_ref": receipt.case_ref,
        "urgency": receipt.urgency,
        "duplicate": receipt.duplicate,
        "withdrawn": receipt.withdrawn,
        "status_url": ctx.status_url + receipt.report_id,
        **({"narrative_cut": True} if receipt.narrative_cut else {}),
    }


def refuse(problems: Sequence[FieldError]) -> None:
    """Raise InvalidInput with all problems, if there are any."""
    if problems:
        raise InvalidInput("Some fields are invalid; `errors` names them.", problems)


def facts_of(ctx: Context, draft: Draft) -> Facts:
    """Return the facts for triage of a report that is not stored yet."""
    when, how_exactly = draft.occurred_at, draft.occurred_precision
    return Facts(draft.violations, when, how_exactly, draft.reporter_role, draft.needs, ctx.now, ctx.now)


def _before(ctx: Context, source_id: str, draft: Draft) -> Report | None:
    before = ctx.reports.by_source_event(source_id, draft.source_event_id)
    if before:
        ctx.repeats.note(source_id)
    return before


def _repeat(ctx: Context, before: Report, draft: Draft) -> Receipt:
    """Return the answer that was given before; the content of an erased report is not known any more."""
    hashes = (ctx.unit.keyring.lookup_hash("content", encode(draft)) for encode in (content_to_hash, content_as_received))
    if not before.erased_at and before.fingerprint not in hashes:
        message = "This source_event_id was used before for a report with other content. Post later facts as an update."
        raise NotAllowedNow(message, slug="conflicting-repeat")
    return receipt_of(ctx, before, duplicate=True)


def _report(ctx: Context, source_id: str, draft: Draft, mapping: MappedBy | None) -> Report:
    vocabulary = ctx.policy.vocabulary
    keys = person_keys(draft.person, ctx.unit.keyring, ctx.policy)
    proposed = () if draft.needs else needs_suggested_by(draft.violations, vocabulary)
    triages = triage_twice(ctx, source_id, facts_of(ctx, draft), keys)
    report = Report(
        id=ctx.ids.report_id(),
        case_ref=ctx.ids.case_ref(),
        source_id=source_id,
        source_event_id=draft.source_event_id,
        fingerprint=ctx.unit.keyring.lookup_hash("content", content_to_hash(draft)),
        received_at=ctx.now,
        occurred_at=draft.occurred_at,
        occurred_precision=draft.occurred_precision,
        reporter_role=draft.reporter_role,
        violations=tuple(replace(violation, ongoing=bool(violation.ongoing)) for violation in draft.violations),
        needs=tuple(dict.fromkeys(draft.needs)) or proposed,
        needs_proposed=proposed,
        county=county_of(draft.place, vocabulary) or "",
        place_precision=draft.place.precision if draft.place else "",
        languages=draft.languages,
        consents=carried_over((), draft.consents, ctx.now),
        triage=triages.whole,
        triage_for_source=triages.for_source,
        defender_ref=draft.person.defender_ref,
        person_keys=keys,
        mapping=mapping,
        doubt=draft.doubt,
        republish_at=ctx.now + SOONEST_AGAIN,
    )
    report.sealed_identity = seal_person(ctx, report.case_ref, draft.person)
    report.note_others_to_triage(ctx.now)
    _seal_content(ctx, report, draft)
    return report


def seal_person(ctx: Context, case_ref: str, person: Person) -> SealedIdentity | None:
    """Return the person's data in a box that only the registry opens."""
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
    return ctx.registry_box.seal_to_registry(json.dumps(payload, ensure_ascii=False).encode())


def _seal_content(ctx: Context, report: Report, draft: Draft) -> None:
    if narrative := clean(draft.narrative or ""):
        ctx.vault.add_to_narrative(report, narrative)
    if draft.attachments:
        attachments = json.dumps(readable(draft.attachments))
        report.attachments = ctx.vault.seal(report, "attachments", attachments.encode())
