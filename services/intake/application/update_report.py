"""Take later facts about a report in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from ngao.chassis.errors import NotAllowedNow
from services.intake.application.disclose_narrative import disclose_what_is_new
from services.intake.application.ports import Desk
from services.intake.application.receive_report import Receipt, refuse
from services.intake.application.tell_status import tell_status
from services.intake.domain.report import Report, Update
from services.intake.domain.triage import triage
from services.intake.domain.vocabulary import need_problems, violation_problems


def update_report(desk: Desk, source_id: str, report_id: str, update: Update) -> Receipt:
    """Add later facts, judge again, tell those who work on the case; the same update twice counts once.

    Raises NotFound, InvalidInput, NotAllowedNow (`withdrawn`, `forgotten`).
    """
    report = tell_status(desk.reports, source_id, report_id)
    if report.withdrawn_at:
        raise NotAllowedNow("The report was withdrawn. Post a new one if help is needed again.", slug="withdrawn")
    if report.forgotten_at:
        raise NotAllowedNow("What this report told is kept no longer. Post a new one if help is needed again.", slug="forgotten")
    fingerprint = desk.hashes.of("content", _canonical(update))
    if _is_repeat(report, update, fingerprint):
        return Receipt(report.id, report.case_ref, report.triage.urgency, duplicate=True)
    _check(desk, update)
    _apply(desk, report, update)
    report.updates_seen = (*report.updates_seen, fingerprint)
    disclose_what_is_new(desk, report)
    desk.reports.put(report)
    desk.announce.updated(report)
    desk.journal("report.updated", subject=report.case_ref, actor=f"source:{source_id}")
    return Receipt(report.id, report.case_ref, report.triage.urgency, duplicate=False)


def _is_repeat(report: Report, update: Update, fingerprint: str) -> bool:
    """A consent can be given, taken back, given and taken back again: only the very last word can be a mere repeat."""
    if update.consents is None:
        return fingerprint in report.updates_seen
    return report.updates_seen[-1:] == (fingerprint,)


def _check(desk: Desk, update: Update) -> None:
    vocabulary = desk.rules.vocabulary
    refuse([*violation_problems(update.violations or (), vocabulary), *need_problems(update.needs or (), vocabulary)])


def _apply(desk: Desk, report: Report, update: Update) -> None:
    report.apply(update, desk.now)
    if update.narrative:
        part = desk.vault.seal(report, f"narrative.{len(report.narrative_parts)}", update.narrative.encode())
        report.narrative_parts = (*report.narrative_parts, part)
    since = desk.now - timedelta(days=desk.rules.triage.history_days)
    history = desk.reports.earlier(report.person_keys, since, but=report.id) if report.person_keys else []
    report.judge(triage(desk.rules.triage, report.facts(desk.now), history))


def _canonical(update: Update) -> str:
    consents = None if update.consents is None else [repr(replace(each, given_at=None)) for each in update.consents]
    violations = [repr(each) for each in update.violations or ()]
    return json.dumps([violations, update.needs, consents, update.narrative], ensure_ascii=False)
