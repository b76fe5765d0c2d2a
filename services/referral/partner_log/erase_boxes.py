"""Erase sealed boxes from a partner's log: when they are past their time, and when the partner is revoked."""

from __future__ import annotations

from collections.abc import Callable

from ngao.chassis.handlers import every
from services.referral.context import BATCH, ReferralParts
from services.referral.partner_log.store import PartnerLogRepository


@every(seconds=600)
def erase_due(parts: ReferralParts) -> None:
    """Remove boxes that are past their time."""
    before = parts.retention.before("boxes", "disclosed", parts.clock.now())
    _repeat(parts, lambda log: log.erase_old_boxes(before, BATCH))


def erase_boxes_of(parts: ReferralParts, partner_id: str) -> None:
    """Remove every box that a revoked partner could have read."""
    _repeat(parts, lambda log: log.erase_boxes_of(partner_id, BATCH))


def _repeat(parts: ReferralParts, work: Callable[[PartnerLogRepository], int]) -> None:
    while parts.run(lambda ctx: work(ctx.partner_log)):
        pass
