"""Remember what the registry says about contacting a case's defender."""

from __future__ import annotations

from dataclasses import replace

from ngao.contracts.events.notices import ContactNotice
from services.notify.context import Context
from services.notify.roster.model import ContactSummary


def store_contact_summary(ctx: Context, notice: ContactNotice, sequence: int) -> None:
    """Store the newest statement. One that is older than the stored one is ignored."""
    contact = notice.contact
    statement = ContactSummary(notice.case_ref, notice.defender_ref, contact.may_contact, contact.channels, sequence)
    known = ctx.summaries.find(statement.case_ref)
    if known is None:
        ctx.summaries.put(statement)
    elif statement.sequence > known.sequence:
        ctx.summaries.put(replace(statement, revision=known.revision))
