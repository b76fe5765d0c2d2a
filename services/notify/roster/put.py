"""Store the people of the ladders and the contacts of partners."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import Call, http, itself
from services.notify.context import Context, NotifyParts
from services.notify.ladders.ask_again import ask_all_again
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Recipient
from services.notify.roster.responses import RosterEntry, RosterEntryShown, contact_of, roster_id, show_entry


@http.put(
    "/v1/roster/duty-officers/<officer_id>",
    roles="operator",
    scope="roster:write",
    audit=itself("roster.put"),
    request=RosterEntry,
    returns=RosterEntryShown,
    summary="Create or replace a person of the ladders.",
)
def put_duty_officer(parts: NotifyParts, officer_id: str, body: dict[str, Any], call: Call) -> dict[str, Any]:
    """Store a person whom `ladders` in notifications.yaml names, and send them the unacknowledged alarms. Raises InvalidInput."""
    recipient = Recipient(DUTY_OFFICER, roster_id(officer_id))
    shown = parts.run(lambda ctx: put_on_roster(ctx, recipient, body), call)
    ask_all_again(parts)
    parts.reach.look()
    return shown


@http.put(
    "/v1/roster/partners/<partner_id>",
    roles="operator",
    scope="roster:write",
    audit=itself("roster.put"),
    request=RosterEntry,
    returns=RosterEntryShown,
    summary="Create or replace the contact of a partner.",
)
def put_partner_contact(ctx: Context, partner_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store the contact of a partner, by the partner's id in the directory. Raises InvalidInput."""
    return put_on_roster(ctx, Recipient(PARTNER, roster_id(partner_id)), body)


def put_on_roster(ctx: Context, recipient: Recipient, entry: dict[str, Any]) -> dict[str, Any]:
    """Create or replace an entry. Its address is sealed before it is stored. A duty officer is marked as one who has joined."""
    contact, address = contact_of(recipient, entry)
    ctx.roster.put(contact, address, ctx.now if recipient.kind == DUTY_OFFICER else None)
    ctx.audit("roster.put", subject=str(recipient))
    return show_entry(contact, address)
