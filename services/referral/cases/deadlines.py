"""How long each wait may last, as the coalition decided, and the next step when it ends; the last step is a human."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ngao.kernel.urgency import URGENCIES
from services.referral.cases.changes import Kind
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.offers.model import CONTACT, NARRATIVE, Offer, State

FACT_MISSING = "registry_silent"
STALLED = "all_declined_or_silent"
"""Why a human is notified of a partner that accepted and has not started or finished in time. Its offer stays live.

Matching publishes the same value, as `ALL_SILENT`, when it finds no other partner.
"""
UNKNOWN_NEED = "unknown"
_NO_PROGRESS = Reason("stalled_after_acceptance", "The partner accepted and has not started or finished in time.")
_NO_DEFENDER = Reason("defender_not_resolved", "The registry has not named in time the partners that must not get this case.")
_NO_REPORT = Reason("report_not_heard", "Other facts about this case arrived, but the report itself did not arrive in time.")
_SILENT = {
    CONTACT: "The partner accepted, and the registry has neither disclosed nor withheld the contact in time.",
    NARRATIVE: "The partner accepted, and intake has neither disclosed nor withheld the narrative in time.",
}


@dataclass(frozen=True)
class Waits:
    """The waits of one urgency: until an answer, a start, an outcome, and until a need a human holds is matched again.

    `disclose_by` is how long after an acceptance contact and narrative must be disclosed or withheld.
    """

    respond_by: timedelta
    start_by: timedelta
    complete_by: timedelta
    match_again: timedelta
    disclose_by: timedelta = timedelta(seconds=120)

    def at_pace(self, pace: Pace) -> Waits:
        """Return waits that are at least as long as this pace. What was accepted is disclosed as fast as before."""
        longer = {name: max(wait, getattr(self, name)) for name, wait in vars(pace).items()}
        return replace(self, **longer)


@dataclass(frozen=True)
class Pace:
    """The waits of a need that is no emergency, such as a training, whatever the urgency of its case."""

    respond_by: timedelta
    start_by: timedelta
    complete_by: timedelta
    match_again: timedelta


@dataclass(frozen=True)
class Deadlines:
    """All waits. `resolve_by` is how long the second of the two facts about a case may take; `notified` names the human.

    `paces` are those of needs that have one of their own.
    """

    version: str
    notified: str
    resolve_by: timedelta
    by_urgency: Mapping[str, Waits]
    paces: Mapping[str, Pace] = field(default_factory=dict)

    def of(self, urgency: str, need: str) -> Waits:
        """Return the waits of a need in a case of this urgency; an unknown urgency is handled as critical."""
        waits, pace = self.by_urgency.get(urgency) or self.by_urgency[URGENCIES[0]], self.paces.get(need)
        return waits.at_pace(pace) if pace else waits


def pass_time(case: Case, now: datetime, deadlines: Deadlines) -> None:
    """End every expired wait of a case and take its next step."""
    if case.closed:
        return
    _end_wait_for_facts(case, now)
    for offer in case.offers:
        if offer.due and offer.due <= now:
            _end_wait_for_partner(case, offer, now, deadlines.of(case.urgency, offer.need))
        if offer.disclose_by and offer.disclose_by <= now:
            _end_wait_for_disclosure(case, offer)
    for need in case.needs.values():
        if need.match_again and need.match_again <= now:
            need.return_to_matching()


def _end_wait_for_facts(case: Case, now: datetime) -> None:
    if case.waiting_until is None or case.waiting_until > now:
        return
    case.waiting_until = None
    cause = _NO_DEFENDER if case.report and case.report.complete else _NO_REPORT
    for name in case.needs or (UNKNOWN_NEED,):
        case.record(Kind.UNROUTABLE, need=name, reason=FACT_MISSING, reasons=(cause,))


def _end_wait_for_disclosure(case: Case, offer: Offer) -> None:
    """Alarm a human about a partner that has accepted and knows neither a part nor that it is withheld: it can help no one."""
    offer.miss_disclosure()
    missing = tuple(Reason(f"{part}_silent", _SILENT[part]) for part in offer.undisclosed)
    case.record(Kind.DISCLOSURE_OVERDUE, need=offer.need, reason=missing[0].rule, reasons=missing, offer=offer)


def _end_wait_for_partner(case: Case, offer: Offer, now: datetime, waits: Waits) -> None:
    if offer.open:
        offer.expire(now)
        case.record_offer(Kind.EXPIRED, offer)
        case.needs[offer.need].free()
        return
    # The work may be in progress: the partner keeps it, but a human is notified, and again after as long.
    offer.due = now + (waits.start_by if offer.state is State.ACCEPTED else waits.complete_by)
    case.record(Kind.UNROUTABLE, need=offer.need, reason=STALLED, reasons=(_NO_PROGRESS,), offer=offer)
