"""The forms in which one event goes to different readers. Each keeps the event's id: it is the same event, with less in it."""

from __future__ import annotations

from dataclasses import replace

from ngao.contracts.envelope import Event


def notice_of(event: Event) -> Event:
    """What a noticed service gets of an event; its time is the hour in which it happened."""
    return replace(
        event,
        data=event.notice or {},
        time=event.time.replace(minute=0, second=0, microsecond=0),
        dataclassification="internal",
        notice=None,
    )
