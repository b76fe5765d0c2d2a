"""Handle the registry's events about given and withdrawn consents."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.registry import ConsentChanged
from services.intake.context import Context
from services.intake.reports.disclose_narrative import disclose_what_is_new, recall_what_is_refused


@on(ConsentChanged)
def follow_consent(ctx: Context, event: ConsentChanged, envelope: Event) -> None:
    """Keep the change; a consent that was missing lets those at work have the narrative now, one that is missing now recalls it.

    Raises NotFound.

    Of an erased report nothing can be disclosed, so that a consent for it changes nothing.
    """
    report = ctx.reports.of_case(event.case_ref)
    if report.erased_at:
        return
    report.note_consent(event.change(envelope.sequence))
    recall_what_is_refused(ctx, report)
    disclose_what_is_new(ctx, report)
    ctx.reports.save(report)
