"""Take people off the roster, and destroy their addresses when their time is over."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import Call, every, http, itself, measures
from ngao.chassis.measuring import OFTEN_S
from services.notify.context import Context, NotifyParts
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Recipient
from services.notify.roster.responses import roster_id

_AT_ONCE = 100


@http.delete(
    "/v1/roster/duty-officers/<officer_id>", roles="operator", scope="roster:write", audit=itself("roster.removed"),
    returns={204: None}, summary="Take a person off the ladders; the address is destroyed.",
)  # fmt: skip
def remove_duty_officer(parts: NotifyParts, officer_id: str, call: Call) -> None:
    """Take a person off; a ladder that names them passes them over. Raises NotFound, InvalidInput."""
    _remove(parts, Recipient(DUTY_OFFICER, roster_id(officer_id)), call)


@http.delete(
    "/v1/roster/partners/<partner_id>", roles="operator", scope="roster:write", audit=itself("roster.removed"),
    returns={204: None}, operation="removePartnerContact",
    summary="Tell a partner nothing any more; the address is destroyed.",
)  # fmt: skip
def remove_partner_contact(parts: NotifyParts, partner_id: str, call: Call) -> None:
    """Take a partner's contact off; the partner itself stays in the directory. Raises NotFound, InvalidInput."""
    _remove(parts, Recipient(PARTNER, roster_id(partner_id)), call)


def _remove(parts: NotifyParts, recipient: Recipient, call: Call) -> None:
    parts.run(partial(take_off_roster, recipient=recipient), call)
    forget(parts)
    parts.reach.look()


def take_off_roster(ctx: Context, recipient: Recipient) -> None:
    """Tell them nothing from now on; the address is destroyed when its time is over. Raises NotFound."""
    if not ctx.roster.remove(recipient, ctx.now):
        raise NotFound("There is no such roster entry.")
    ctx.audit("roster.removed", subject=str(recipient))


@every(seconds=600)
def forget(parts: NotifyParts) -> None:
    """Destroy the addresses of those whose time off the roster is over; several processes may do it at once."""
    while parts.run(partial(_forget, parts)):
        continue


def _forget(parts: NotifyParts, ctx: Context) -> int:
    before = parts.retention.before("roster", "removed", ctx.now)
    gone = forget_removed(ctx, before, _AT_ONCE)
    for recipient in gone:
        detail = {"why": "removed", "policy_version": parts.retention.version}
        ctx.audit("roster.forgotten", subject=str(recipient), detail=detail)
    return len(gone)


def forget_removed(ctx: Context, before: datetime, limit: int) -> list[Recipient]:
    """Destroy the addresses of up to so many who were taken off the roster before this; gives whose."""
    return [ctx.roster.destroy(each) for each in ctx.roster.removed(before, limit)]


@measures(seconds=OFTEN_S)
def measure_retention(parts: NotifyParts) -> None:
    """Export how many addresses are kept past their time."""
    ctx = parts.read()
    before = parts.retention.before("roster", "removed", ctx.now)
    late, since = ctx.roster.overdue(before)
    parts.metrics.overdue("retention", late, (before - since).total_seconds() if since else 0.0)
