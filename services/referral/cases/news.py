"""What has just happened to a case, for those who tell others: events, the case's story, the audit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ngao.kernel.actors import Actor
from services.referral.cases.facts import Reason
from services.referral.offers.model import Offer

INTAKE, REGISTRY, REFERRAL = (Actor.service(name) for name in ("intake", "registry", "referral"))


class Kind(StrEnum):
    """What happened. All up to DISCLOSURE_OVERDUE are also events of the catalogue; the rest stands in the story only."""

    OPENED = "case.opened"
    CLOSED = "case.closed"
    REOPENED = "case.reopened"
    OFFERED = "offered"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    UNROUTABLE = "unroutable"
    HELPER_REVOKED = "helper.revoked"
    DISCLOSURE_OVERDUE = "disclosure.missed"
    REPLY_EARLY = "reply.early"
    REPLY_LATE = "reply.late"
    REPORT_LEARNT = "report.learnt"
    DEFENDER_LEARNT = "defender.learnt"
    CONSENT_LEARNT = "consent.learnt"
    SETTLED = "need.settled"


MOVES = frozenset({
    Kind.OFFERED, Kind.RECEIVED, Kind.ACCEPTED, Kind.DECLINED, Kind.EXPIRED, Kind.STARTED, Kind.COMPLETED, Kind.FAILED,
    Kind.WITHDRAWN, Kind.RECALLED,
})
"""News of an offer that has moved."""


ENDED_BADLY = frozenset({Kind.FAILED, Kind.RECALLED, Kind.HELPER_REVOKED})
"""News after which the partner must not read what it was given for the offer any more."""

LEARNT = frozenset({Kind.REPORT_LEARNT, Kind.DEFENDER_LEARNT, Kind.CONSENT_LEARNT})
"""What another service did and has audited itself."""


@dataclass(frozen=True)
class News:
    """One thing that happened; `actor` is who made it happen, `needs` are those asked for anew."""

    kind: Kind
    offer: Offer | None = None
    need: str = ""
    reason: str = ""
    reasons: tuple[Reason, ...] = ()
    actor: Actor = REFERRAL
    needs: tuple[str, ...] = ()
