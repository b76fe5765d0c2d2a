"""Receive a form; an edited one updates the report it made before, instead of being refused for its other content."""

from __future__ import annotations

from services.intake.context import Context
from services.intake.reports.draft import Draft
from services.intake.reports.model import Update
from services.intake.reports.provenance import MappedBy
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.update import mark_of, update_report


def receive_form(ctx: Context, source_id: str, draft: Draft, mapping: MappedBy, edit: str | None) -> Receipt:
    """Take a form in; `edit` is the name of this version of an edited one. Raises what reports and updates raise.

    An edit is known again by its name alone: one that goes back to what the original states is a later word like any other.
    """
    if edit is None:
        return receive_report(ctx, source_id, draft, mapping)
    update = _update_of(draft, edit)
    before = ctx.reports.by_source_event(source_id, draft.source_event_id)
    if before is None:
        return receive_report(ctx, source_id, draft, mapping, made_by=mark_of(ctx, update))
    return update_report(ctx, source_id, before.id, update, mapping)


def _update_of(draft: Draft, name: str) -> Update:
    """Return a whole form as later facts: its consents are all that are valid, other omissions change nothing."""
    dated = draft.doubt is None or draft.doubt.stated is not None
    return Update(
        violations=draft.violations or None,
        needs=draft.needs or None,
        consents=draft.consents,
        narrative=draft.narrative or None,
        person=draft.person if draft.person.needs_sealing else None,
        place=draft.place,
        key=name,
        restates=True,
        occurred_at=draft.occurred_at if dated else None,
        occurred_precision=draft.occurred_precision if dated else "",
        doubt=draft.doubt if dated else None,
    )
