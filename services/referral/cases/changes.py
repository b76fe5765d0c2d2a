"""A case's changes, for the events, the timeline and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ngao.kernel.actors import Actor
from services.referral.cases.facts import Reason
from services.referral.offers.model import Offer, State

INTAKE, REGISTRY, REFERRAL = (Actor.service(name) for name in ("intake", "registry", "referral"))


class Kind(StrEnum):
    """Kinds of changes. All up to DISCLOSURE_OVERDUE, except RECEIVED, are also events; the rest is in the timeline only."""

    OPENED = "case.opened"
    CLOSED = "case.closed"
    REOPENED = "case.reopened"
    OWNED = "case.owned"
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
    PARTNER_REVOKED = "helper.revoked"
    DISCLOSURE_OVERDUE = "disclosure.missed"
    REPLY_EARLY = "reply.early"
    REPLY_LATE = "reply.late"
    REPORT_RECEIVED = "report.learnt"
    DEFENDER_RECEIVED = "defender.learnt"
    CONSENT_RECEIVED = "consent.learnt"
    SETTLED = "need.settled"


MOVES = frozenset(Kind(state.value) for state in State)
"""Kinds for an offer that has moved: each is called as the state that the offer has then."""

PARTNER_MAY_NOT_READ = frozenset({Kind.FAILED, Kind.RECALLED, Kind.PARTNER_REVOKED})
"""Kinds after which the partner must not read any more what it was given for the offer."""

FROM_OTHER_SERVICES = frozenset({Kind.REPORT_RECEIVED, Kind.DEFENDER_RECEIVED, Kind.CONSENT_RECEIVED})
"""Kinds of changes that another service has audited itself."""


@dataclass(frozen=True)
class CaseChange:
    """One change; `actor` caused it, `reason` is a code, `reasons` the rules behind it; `needs` are asked for again.

    `owner` is who owns the case from now on, and `owner_before` who did until now.
    """

    kind: Kind
    offer: Offer | None = None
    need: str = ""
    reason: str = ""
    reasons: tuple[Reason, ...] = ()
    actor: Actor = REFERRAL
    needs: tuple[str, ...] = ()
    owner: str = ""
    owner_before: str | None = None
