"""Remember what the registry says about contacting a case's defender."""

from __future__ import annotations

from dataclasses import replace

from ngao.contracts.events.notices import ContactNotice
from services.notify.context import Context
from services.notify.roster.model import ContactSummary


def learn_contact_summary(ctx: Context, notice: ContactNotice, sequence: int) -> None:
    """Keep the newest word; one that is older than what is known comes too late and changes nothing."""
    contact = notice.contact
    said = ContactSummary(notice.case_ref, notice.defender_ref, contact.may_contact, contact.channels, sequence)
    known = ctx.summaries.find(said.case_ref)
    if known is None:
        ctx.summaries.put(said)
    elif said.sequence > known.sequence:
        ctx.summaries.put(replace(said, revision=known.revision))
