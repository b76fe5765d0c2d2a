"""The forms in which one event goes to different readers. Each keeps the event's id: it is the same event, with less in it."""

from __future__ import annotations

from dataclasses import replace

from ngao.contracts.envelope import Event
from ngao.kernel.pairwise import case_ref_for


def notice_of(event: Event) -> Event:
    """Return what a noticed service gets of an event; its time is the hour in which it happened."""
    return replace(
        event,
        data=event.notice or {},
        time=event.time.replace(minute=0, second=0, microsecond=0),
        dataclassification="internal",
        notice=None,
    )


def for_partner(event: Event) -> Event:
    """Return what a partner gets of an event: the case by the partner's own reference, without a comparable trace."""
    salt, ref = event.data.get("case_salt"), event.data.get("case_ref")
    if not ref:
        return event
    ref = case_ref_for(event.partnerid or "", ref, salt)
    shown = {name: value for name, value in event.data.items() if name != "case_salt"}
    return replace(event, subject=ref, data={**shown, "case_ref": ref}, traceparent=None, notice=None)
