"""Remember what the registry says about contacting a case's defender."""

from __future__ import annotations

from dataclasses import replace

from services.notify.ports import ContactSummaries
from services.notify.roster.model import ContactSummary


def learn_contact_summary(summaries: ContactSummaries, said: ContactSummary) -> None:
    """Keep the newest word; one that is older than what is known comes too late and changes nothing."""
    known = summaries.find(said.case_ref)
    if known is None:
        summaries.put(said)
    elif said.sequence > known.sequence:
        summaries.put(replace(said, revision=known.revision))
