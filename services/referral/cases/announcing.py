"""Store a case with all that follows from a change: timeline, audit, events, partners' logs, waiting times.

All of it is registered in the case's own unit of work: it is published if and only if the case is stored.
"""

from __future__ import annotations

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.messaging.destinations import EVENTS
from ngao.contracts import InNoticeOnly, Payload
from ngao.contracts.events.referral import OfferEvent
from ngao.kernel.urgency import CRITICAL
from services.referral.cases.changes import FROM_OTHER_SERVICES, MOVES, PARTNER_MAY_NOT_READ, CaseChange, Kind
from services.referral.cases.events import event_of, state_of
from services.referral.cases.model import Case
from services.referral.cases.timeline import step_of
from services.referral.context import Context

_ENGAGING = MOVES | {Kind.PARTNER_REVOKED}
"""Changes after which the partner's engagement is stored again, and whether a human knows of it."""
_FOR_PARTNER = frozenset({Kind.OFFERED, Kind.ACCEPTED, Kind.EXPIRED, Kind.WITHDRAWN, Kind.RECALLED})


def store_case(ctx: Context, case: Case) -> None:
    """Store the case and publish its changes."""
    for change in case.changes:
        if change.offer is not None and change.kind in _ENGAGING:
            ctx.engagements.follow(change.offer)
        if change.offer is not None and change.kind in PARTNER_MAY_NOT_READ:
            ctx.partner_log.erase_boxes(change.offer.id)
        _announce(ctx, case, change)
    ctx.cases.save(case)


def _announce(ctx: Context, case: Case, change: CaseChange) -> None:
    ctx.timeline.note(case.id, step_of(change, ctx.now))
    if change.kind not in FROM_OTHER_SERVICES:
        ctx.audit(change.kind.value, subject=case.id, actor=change.actor, detail=_detail(change))
    if note := ctx.waiting_times.noting(case, change, ctx.now):
        ctx.unit.afterwards.append(note)
    if (event := event_of(ctx, case, change)) is not None:
        _publish(ctx, case, change, event, (EVENTS, PARTNERS) if change.kind in _FOR_PARTNER else (EVENTS,))
    elif change.kind is Kind.REPLY_LATE and change.offer is not None and (answer := state_of(case, change.offer)) is not None:
        _publish(ctx, case, change, answer, (PARTNERS,))


def _publish(ctx: Context, case: Case, change: CaseChange, payload: Payload, to: tuple[str, ...]) -> None:
    """Publish an event. One that a partner receives is also stored for its catch-up."""
    partner_id = payload.partner_id if isinstance(payload, OfferEvent) else None
    urgent, in_notice = case.urgency == CRITICAL, _in_notice(case, change)
    event = ctx.publish(payload, subject=case.id, urgent=urgent, partner_id=partner_id, to=to, in_notice=in_notice)
    if partner_id and PARTNERS in to:
        ctx.partner_log.add(partner_id, event)


def _in_notice(case: Case, change: CaseChange) -> InNoticeOnly:
    """Return the data of a notice. The need's number shows that two notices are about one need, without naming it."""
    more: InNoticeOnly = {"need_number": case.number_of(change.need)}
    return {**more, "partner_id": change.offer.partner_id} if change.offer else more


def _detail(change: CaseChange) -> dict[str, str]:
    detail = {"need": change.need, "reason": change.reason, "owner": change.owner, "owner_before": change.owner_before or ""}
    if change.offer:
        detail |= {"offer_id": change.offer.id, "partner_id": change.offer.partner_id}
    return {name: value for name, value in detail.items() if value}
