"""Store a body that its source's profile cannot read as a report until an operator decides about it.

It is kept sealed among the parked messages of intake, on a shelf of its own. A duty officer is informed in the same unit of work.
"""

from __future__ import annotations

from datetime import datetime

from ngao.chassis.errors import TooLarge, TooManyRequests
from ngao.chassis.handlers import measures
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.parking import MOST_KEPT
from ngao.chassis.observability.logs import get_logger
from ngao.contracts.events.intake import QuarantineFilled, ReportQuarantined
from services.intake.context import INTAKE, Context, IntakeParts
from services.intake.mapping.mapping import UnreadableReport
from services.intake.mapping.profiles import Profile
from services.intake.quarantine.model import NATIVE, NativeBody
from services.intake.reports.publishing import day_of

UNREAD = "high"
"""The urgency of what could not be read: it may be as urgent as anything, so it does not wait for a working day."""
_AGAIN_S = 600
_QUEUE = "intake.reports"
_log = get_logger("intake")


class QuarantineFull(TooManyRequests):
    """So much of the source waits in quarantine that no more is kept: nothing of this body is acknowledged."""

    slug = "quarantine-full"

    def __init__(self) -> None:
        super().__init__(
            "This body cannot be read as a report and was not kept: too many of this source wait for an operator. "
            "Post it again later, and call the coalition.",
            _AGAIN_S,
        )


def keep(ctx: Context, body: NativeBody, profile: Profile, why: UnreadableReport) -> str:
    """Keep a body sealed and inform a duty officer; gives its id. The same body again is kept once and informs no one again.

    Raises TooLarge for what could not be kept whole, QuarantineFull where too much of the source waits already.
    """
    if len(body.content) > MOST_KEPT:
        raise TooLarge(f"A body that cannot be read as a report may have at most {MOST_KEPT} bytes.")
    account = outsider_account("source", body.source_id)
    delivery = Delivery(_QUEUE, body.source_id, body.content, NATIVE, account, None)
    is_new = not ctx.shelf.is_waiting(ctx.unit, delivery, body.name)
    if is_new and ctx.settings.quarantine.are_reached(*ctx.shelf.load(account)):
        raise QuarantineFull
    quarantine_id = ctx.shelf.park(ctx.unit, delivery, body.name, reason=why.slug, errors=broken_fields(why.errors))
    if is_new:
        ctx.audit("report.quarantined", subject=quarantine_id, detail={"reason": why.slug})
        _publish_quarantined(ctx, quarantine_id, body.source_id, profile, why)
    return quarantine_id


def note_full(ctx: Context, source_id: str) -> None:
    """Inform a duty officer, once a day for a source, that no more is accepted from it."""
    bundle = _bundle(source_id, ctx.now)
    mark = f"quarantine-filled|{bundle}"
    if ctx.unit.is_marked(mark):
        return
    bodies, size = ctx.shelf.load(outsider_account("source", source_id))
    ctx.unit.mark(mark)
    detail = {"bodies": str(bodies), "bytes": str(size)}
    ctx.audit("quarantine.filled", subject=source_id, actor=INTAKE, detail=detail)
    filled = QuarantineFilled(
        case_ref=bundle, source_id=source_id, urgency=UNREAD, bodies=bodies, bytes=size, noted_at=day_of(ctx.now)
    )
    ctx.publish(filled, subject=bundle)
    _log.warning("quarantine.filled", source_id=source_id, count=bodies, bytes=size)


@measures(seconds=OFTEN_S)
def measure_quarantine(parts: IntakeParts) -> None:
    """Measure how many bodies wait, and how long the oldest does."""
    ctx = parts.read()
    oldest = ctx.shelf.oldest()
    parts.own_metrics.quarantine.set(ctx.shelf.count())
    parts.own_metrics.quarantine_s.set((ctx.now - oldest).total_seconds() if oldest else 0.0)


def _publish_quarantined(ctx: Context, quarantine_id: str, source_id: str, profile: Profile, why: UnreadableReport) -> None:
    bundle = _bundle(source_id, ctx.now)
    quarantined = ReportQuarantined(
        quarantine_id=quarantine_id,
        case_ref=bundle,
        source_id=source_id,
        profile=profile.name,
        mapping_version=profile.version,
        urgency=UNREAD,
        reason=why.slug,
        codes=tuple(sorted({error.code for error in why.left_out})),
        received_at=day_of(ctx.now),
    )
    ctx.publish(quarantined, subject=bundle)


def _bundle(source_id: str, now: datetime) -> str:
    """Return the reference used as the case in alarms about one source: a broken form raises one alarm at a time."""
    return f"quarantine:{source_id}:{now:%Y-%m-%d}"
