"""The timeline of a case: its recorded steps, in the order of time, each with a sentence for a human."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.referral.cases.changes import CaseChange, Kind
from services.referral.cases.facts import Reason
from services.referral.cases.owning import ACKNOWLEDGED, HANDED_OVER, TAKEN_OVER

_SENTENCES = {
    Kind.OPENED: "Report and defender are known: referral begins.",
    Kind.CLOSED: "The case is closed: {reason}.",
    Kind.OWNED: "{owner} owns the case now.",
    Kind.OFFERED: "Offered to {partner} for {need}, attempt {attempt}.",
    Kind.RECEIVED: "{partner} has received the offer for {need}.",
    Kind.ACCEPTED: "{partner} accepts {need}.",
    Kind.DECLINED: "{partner} declines {need}: {reason}.",
    Kind.EXPIRED: "{partner} did not answer for {need} in time.",
    Kind.STARTED: "{partner} is at work on {need}.",
    Kind.COMPLETED: "{partner} has completed {need}: {reason}.",
    Kind.FAILED: "{partner} could not do {need}: {reason}.",
    Kind.WITHDRAWN: "The offer to {partner} for {need} is withdrawn: {reason}.",
    Kind.RECALLED: "{need} is recalled from {partner}: {reason}.",
    Kind.REOPENED: "A new fact has opened the case or a settled need again: {reason}.",
    Kind.PARTNER_REVOKED: "{partner} was revoked and holds {need}; a human is notified.",
    Kind.DISCLOSURE_OVERDUE: "{partner} accepted {need} and something is neither disclosed nor withheld: {reason}.",
    Kind.UNROUTABLE: "A human is notified about {need}: {reason}.",
    Kind.REPLY_EARLY: "{partner} said {reason} before accepting {need}; it is kept until the acceptance comes.",
    Kind.REPLY_LATE: "{partner} said {reason} for {need} too late; the offer's state was the answer.",
    Kind.REPORT_RECEIVED: "Intake has sent the report.",
    Kind.DEFENDER_RECEIVED: "The registry knows who it is about ({reason}).",
    Kind.CONSENT_RECEIVED: "Consent was {reason}.",
    Kind.SETTLED: "A human settled {need}: {reason}.",
}
_BY_REASON = {
    (Kind.OWNED, ACKNOWLEDGED): "{owner} acknowledged an alarm of the case and owns it now.",
    (Kind.OWNED, TAKEN_OVER): "{owner} takes over the case{before}.",
    (Kind.OWNED, HANDED_OVER): "{by} hands over the case{before} to {owner}.",
}
"""The sentences that the reason of a change decides about."""


@dataclass(frozen=True)
class Step:
    """One step of a case: what happened, who caused it, and why: `reason` is a code, `reasons` are the rules behind it."""

    at: datetime
    what: str
    actor: str
    text: str
    need: str = ""
    offer_id: str = ""
    partner_id: str = ""
    reason: str = ""
    reasons: tuple[Reason, ...] = ()


def step_of(change: CaseChange, now: datetime) -> Step:
    """Return the step of a change."""
    offer = change.offer
    partner_id = offer.partner_id if offer else ""
    words = {"partner": partner_id, "need": change.need, "reason": change.reason, "attempt": offer.attempt if offer else 0}
    sentence = _BY_REASON.get((change.kind, change.reason), _SENTENCES[change.kind])
    return Step(
        at=now,
        what=change.kind.value,
        actor=str(change.actor),
        text=sentence.format(**words, **_owned(change)),
        need=change.need,
        offer_id=offer.id if offer else "",
        partner_id=partner_id,
        reason=change.reason,
        reasons=change.reasons,
    )


def _owned(change: CaseChange) -> dict[str, str]:
    """Return the words about an owner. Who hands over a case of their own has it from no one else."""
    before = f" from {change.owner_before}" if change.owner_before not in {None, change.actor.id} else ""
    return {"owner": change.owner, "before": before, "by": change.actor.id}
