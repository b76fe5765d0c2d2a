"""Take later facts about a report in."""

from __future__ import annotations

import json
from dataclasses import replace

from ngao.chassis.errors import NotAllowedNow
from services.intake.application.disclose_narrative import disclose_what_is_new
from services.intake.application.judging import judge
from services.intake.application.ports import Desk
from services.intake.application.receive_report import Receipt, receipt_of, refuse
from services.intake.application.tell_status import tell_status
from services.intake.domain.report import Change, Report, Update
from services.intake.domain.vocabulary import need_problems, needs_suggested_by, violation_problems


def update_report(desk: Desk, source_id: str, report_id: str, update: Update) -> Receipt:
    """Add later facts, judge again, tell those who work on the case; the same update twice counts once.

    Raises NotFound, InvalidInput, NotAllowedNow (`withdrawn`, `forgotten`).
    """
    report = tell_status(desk, source_id, report_id)
    if report.withdrawn_at:
        raise NotAllowedNow("The report was withdrawn. Post a new one if help is needed again.", slug="withdrawn")
    if report.forgotten_at:
        raise NotAllowedNow("What this report told is kept no longer. Post a new one if help is needed again.", slug="forgotten")
    fingerprint = desk.hashes.of("content", _canonical(update))
    if _is_repeat(report, update, fingerprint):
        return receipt_of(desk, report, duplicate=True)
    _check(desk, update)
    before = report.triage.urgency
    news = _apply(desk, report, update)
    report.updates_seen = (*report.updates_seen, fingerprint)
    disclose_what_is_new(desk, report)
    desk.reports.put(report)
    desk.announce.updated(report, Change("update", before, news))
    desk.journal("report.updated", subject=report.case_ref, actor=f"source:{source_id}")
    return receipt_of(desk, report, duplicate=False)


def _is_repeat(report: Report, update: Update, fingerprint: str) -> bool:
    """A consent can be given, taken back, given and taken back again: only the very last word can be a mere repeat."""
    if update.consents is None:
        return fingerprint in report.updates_seen
    return report.updates_seen[-1:] == (fingerprint,)


def _check(desk: Desk, update: Update) -> None:
    vocabulary = desk.rules.vocabulary
    refuse([*violation_problems(update.violations or (), vocabulary), *need_problems(update.needs or (), vocabulary)])


def _apply(desk: Desk, report: Report, update: Update) -> tuple[str, ...]:
    """Take it in and judge again; gives what is new by name."""
    news = report.apply(update, desk.now, _proposed(desk, report, update))
    if update.narrative:
        part = desk.vault.seal(report, f"narrative.{len(report.narrative_parts)}", update.narrative.encode())
        report.narrative_parts = (*report.narrative_parts, part)
        news = (*news, "narrative")
    fresh = judge(desk, report.source_id, report.facts(desk.now), report.person_keys, but=report.id)
    report.judge(fresh.whole, fresh.told)
    return news


def _proposed(desk: Desk, report: Report, update: Update) -> tuple[str, ...]:
    """What new violations suggest if the update asks for nothing itself, as with a first report."""
    if update.needs:
        return ()
    known = {each.type for each in report.violations}
    return needs_suggested_by([each for each in update.violations or () if each.type not in known], desk.rules.vocabulary)


def _canonical(update: Update) -> str:
    consents = None if update.consents is None else [repr(replace(each, given_at=None)) for each in update.consents]
    violations = [repr(each) for each in update.violations or ()]
    return json.dumps([violations, update.needs, consents, update.narrative], ensure_ascii=False)
