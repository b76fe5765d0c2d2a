"""Apply other services' facts to a case: the report and its updates, who it is about, and what the person agrees to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from ngao.kernel.consent import FOR_REFERRAL, ConsentChange, ConsentSnapshot, EffectiveConsent, Statement, with_change
from services.referral.cases.changes import INTAKE, REGISTRY, CaseChange, Kind
from services.referral.cases.deadlines import Deadlines
from services.referral.cases.facts import NOTHING, Changed, Defender, Reason, Report
from services.referral.cases.model import Case, Life
from services.referral.cases.need import Need, NeedState
from services.referral.cases.reopening import (
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    REPORT_WITHDRAWN,
    URGENCY_RAISED,
    VIOLATION_ADDED,
    WITHDRAWAL_RETRACTED,
    WITHDRAWALS,
    new_facts_in,
    opens_again,
)
from services.referral.offers.model import NOT_COVERED, RESTRICTED

_JUST_BEFORE = timedelta(milliseconds=1)
"""What a consent covered until it ended is what it covered so long before."""


def apply_report(
    case: Case,
    report: Report,
    consents: Iterable[Statement],
    now: datetime,
    deadlines: Deadlines,
    *,
    changed: Changed = NOTHING,
) -> None:
    """Store the report or an update; `changed` is what intake calls new in it.

    An update may add needs and raise urgency, and removes no need; a consent that it no longer states has ended.
    A new fact opens a closed case again.
    """
    before, known = case.effective_consent(now), case.report
    _store_consents(case, ConsentSnapshot(report.sequence, tuple(consents)))
    case.report = known.merged(report) if known else report
    case.record(Kind.REPORT_RECEIVED, actor=INTAKE)
    new_facts = new_facts_in(known, case.report, case.needs, changed.parts) if known else ()
    if case.closed and not _open_again(case, report, new_facts, before, now, deadlines):
        return
    _recall_uncovered(case, before, now)
    _add_needs(case, case.report)
    if VIOLATION_ADDED in new_facts:
        _ask_settled_again(case, changed.needs_again)
    if case.effective_consent(now).wider_than(before):
        case.return_needs_to_matching()
    if URGENCY_RAISED in new_facts or (known and known.county != case.report.county):
        _match_again(case, alarm_again=URGENCY_RAISED in new_facts)
    _shorten_waits(case, now, deadlines)
    _review(case, now)


def apply_defender(case: Case, defender: Defender, now: datetime) -> None:
    """Store the registry's answer; one that is older than the stored one changes nothing."""
    if case.defender and case.defender.sequence > defender.sequence:
        return
    case.defender = defender
    case.record(Kind.DEFENDER_RECEIVED, reason=defender.resolution, actor=REGISTRY)
    _review(case, now)


def apply_consent(case: Case, change: ConsentChange, now: datetime, deadlines: Deadlines) -> None:
    """Store a change of consent: what it no longer covers is withdrawn or recalled. A renewed one may open a closed case.

    A case that another person's withdrawal had closed is opened again, so that a human gets it if no partner may be asked. A
    consent that has ended is published once more: what it covered until then is compared with what is covered now.
    """
    granted, until = change.statement.granted, change.statement.until
    has_ended = granted and until is not None and until <= now
    before = case.effective_consent(until - _JUST_BEFORE if has_ended and until else now)
    case.consent_changes = with_change(case.consent_changes, change)
    word = "retracted" if change.retracted else "granted" if granted else "withdrawn"
    case.record(Kind.CONSENT_RECEIVED, reason=word, actor=REGISTRY)
    reasons = _opened_by_consent(case, before, now)
    if case.report and case.report.complete and reasons:
        _reopen(case, reasons, case.report, now, deadlines)
    _recall_uncovered(case, before, now)
    if granted is not change.retracted:
        case.return_needs_to_matching()
    _review(case, now)


def withdraw_report(case: Case, now: datetime, sequence: int = 0) -> None:
    """Withdraw or recall every offer, because the source withdrew the report; no earlier consent is valid any more."""
    case.withdrawn_sequence = max(sequence, case.withdrawn_sequence or 0)
    case.consent_changes = with_change(case.consent_changes, ConsentChange(Statement(FOR_REFERRAL, at=now, granted=False)))
    if not case.closed:
        case.close(REPORT_WITHDRAWN, now, actor=INTAKE)
    elif case.closed_reason not in WITHDRAWALS:
        case.closed_reason = REPORT_WITHDRAWN


def _store_consents(case: Case, snapshot: ConsentSnapshot) -> None:
    if snapshot.sequence not in {stated.sequence for stated in case.consent_snapshots}:
        case.consent_snapshots.append(snapshot)


def _open_again(  # noqa: PLR0917  # as its one caller has them
    case: Case, update: Report, new_facts: tuple[Reason, ...], before: EffectiveConsent, now: datetime, deadlines: Deadlines
) -> bool:
    """Open a closed case if an update of its report is a reason to. Returns True if it did."""
    withdrawn = case.withdrawn_sequence
    late = withdrawn is not None and (not withdrawn or update.sequence < withdrawn)
    if late or not (case.report and case.report.complete):
        return False
    reasons = opens_again(case.closed_reason, new_facts)
    if _consented_again(case, before, now):
        reasons = (*reasons, CONSENT_GIVEN)
    if reasons:
        _reopen(case, reasons, case.report, now, deadlines)
    return bool(reasons)


def _opened_by_consent(case: Case, before: EffectiveConsent, now: datetime) -> tuple[Reason, ...]:
    if case.closed_reason == CONSENT_WITHDRAWN and before.withdrawn and not case.effective_consent(now).withdrawn:
        return (WITHDRAWAL_RETRACTED,)
    return (CONSENT_GIVEN,) if _consented_again(case, before, now) else ()


def _consented_again(case: Case, before: EffectiveConsent, now: datetime) -> bool:
    return case.closed_reason in WITHDRAWALS and not before.given and case.effective_consent(now).given


def _reopen(case: Case, reasons: tuple[Reason, ...], report: Report, now: datetime, deadlines: Deadlines) -> None:
    """Start again with the unsettled needs; if all are settled, with all of them, because that answered an earlier situation.

    A report that came after its own withdrawal has left no needs yet.
    """
    _add_needs(case, report)
    case.life, case.waiting_until = (Life.OPEN, None) if case.defender else (Life.WAITING, now + deadlines.resolve_by)
    case.closed_reason, case.reopened_at = "", now
    unsettled = [need for need in case.needs.values() if need.state is not NeedState.SETTLED]
    _ask_again(case, unsettled or list(case.needs.values()), reasons)


def _ask_settled_again(case: Case, names: Collection[str]) -> None:
    settled = [need for need in case.needs.values() if need.name in names and need.state is NeedState.SETTLED]
    if settled:
        _ask_again(case, settled, (VIOLATION_ADDED,))


def _ask_again(case: Case, needs: Collection[Need], reasons: tuple[Reason, ...]) -> None:
    for need in needs:
        need.ask_again(len(case.offers))
    names = tuple(need.name for need in needs)
    case.changes.append(CaseChange(Kind.REOPENED, reason=reasons[0].rule, reasons=reasons, needs=names))


def _add_needs(case: Case, report: Report) -> None:
    for name in report.needs:
        need = case.needs.setdefault(name, Need(name))
        need.proposed = name in report.proposed


def _match_again(case: Case, *, alarm_again: bool) -> None:
    """Match what a human holds now, and notify the human again of a higher urgency."""
    for need in case.needs.values():
        if need.state is NeedState.WITH_HUMAN:
            need.alarmed = "" if alarm_again else need.alarmed
            need.return_to_matching()


def _shorten_waits(case: Case, now: datetime, deadlines: Deadlines) -> None:
    # A case that has become more urgent does not wait as long for an answer as it did at first.
    for offer in case.offers:
        if offer.open and offer.due:
            offer.due = min(offer.due, now + deadlines.of(case.urgency, offer.need).respond_by)


def _recall_uncovered(case: Case, before: EffectiveConsent, now: datetime) -> None:
    after = case.effective_consent(now)
    for offer in case.offers:
        if offer.at_work and before.scopes_for(offer.partner_id) - after.scopes_for(offer.partner_id):
            case.withdraw_or_recall(offer, NOT_COVERED, now)


def _review(case: Case, now: datetime) -> None:
    if case.closed or not (case.report and case.report.complete):
        return
    agreed = case.effective_consent(now)
    if agreed.withdrawn and not agreed.given and _withdrawn_since_reopened(case):
        case.close(CONSENT_WITHDRAWN, now, actor=REGISTRY)
        return
    for offer in case.offers:
        if offer.live and case.defender and offer.partner_id in case.defender.never_refer:
            case.withdraw_or_recall(offer, RESTRICTED, now)
        elif offer.open:
            case.check_consent(offer, now)
    if case.life is Life.WAITING and case.defender:
        case.life, case.waiting_until = Life.OPEN, None
        case.record(Kind.OPENED)


def _withdrawn_since_reopened(case: Case) -> bool:
    # A withdrawal from before the change that opened the case again has had its effect.
    begin = case.reopened_at
    return begin is None or any(not fact.granted and fact.at >= begin for fact in case.consents)
