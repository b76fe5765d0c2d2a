"""Remove people from the roster, and destroy their addresses after the retention period."""

from __future__ import annotations

from functools import partial

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import Call, every, http, itself, measures
from ngao.chassis.measuring import OFTEN_S
from services.notify.context import Context, NotifyParts
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Recipient
from services.notify.roster.responses import roster_id

_AT_ONCE = 100


@http.delete(
    "/v1/roster/duty-officers/<officer_id>",
    roles="operator",
    scope="roster:write",
    audit=itself("roster.removed"),
    returns={204: None},
    summary="Remove a person from the ladders; the address is destroyed.",
)
def remove_duty_officer(parts: NotifyParts, officer_id: str, call: Call) -> None:
    """Remove a person. A ladder that names them skips them. Raises NotFound, InvalidInput."""
    _remove(parts, Recipient(DUTY_OFFICER, roster_id(officer_id)), call)


@http.delete(
    "/v1/roster/partners/<partner_id>",
    roles="operator",
    scope="roster:write",
    audit=itself("roster.removed"),
    returns={204: None},
    summary="Remove a partner's contact; the address is destroyed.",
)
def remove_partner_contact(parts: NotifyParts, partner_id: str, call: Call) -> None:
    """Remove a partner's contact. The partner itself stays in the directory. Raises NotFound, InvalidInput."""
    _remove(parts, Recipient(PARTNER, roster_id(partner_id)), call)


def _remove(parts: NotifyParts, recipient: Recipient, call: Call) -> None:
    parts.run(partial(remove_from_roster, recipient=recipient), call)
    erase(parts)
    parts.reach.look()


def remove_from_roster(ctx: Context, recipient: Recipient) -> None:
    """Stop notifying them from now on. The address is destroyed after the retention period. Raises NotFound."""
    if not ctx.roster.remove(recipient, ctx.now):
        raise NotFound("There is no such roster entry.")
    ctx.audit("roster.removed", subject=str(recipient))


@every(seconds=600)
def erase(parts: NotifyParts) -> None:
    """Destroy the addresses of those who were removed a retention period ago. Several processes may do it concurrently."""
    while parts.run(partial(_erase, parts)):
        continue


def _erase(parts: NotifyParts, ctx: Context) -> int:
    gone = ctx.roster.removed(parts.retention.before("roster", "removed", ctx.now), _AT_ONCE)
    for recipient in gone:
        if ctx.roster.destroy(recipient):
            detail = {"why": "removed", "policy_version": parts.retention.version}
            ctx.audit("roster.forgotten", subject=str(recipient), detail=detail)
    return len(gone)


@measures(seconds=OFTEN_S)
def measure_retention(parts: NotifyParts) -> None:
    """Export the number of addresses past their retention period."""
    ctx = parts.read()
    before = parts.retention.before("roster", "removed", ctx.now)
    late, since = ctx.roster.overdue(before)
    parts.metrics.overdue("retention", late, (before - since).total_seconds() if since else 0.0)
