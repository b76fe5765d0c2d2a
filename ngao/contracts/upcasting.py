"""Read yesterday's events today: each upcaster turns one version of a type into the next.

Fields may be added, never changed, so most changes need none; a breaking change is a new `.v2` with an upcaster here.
"""

from __future__ import annotations

from collections.abc import Callable

from ngao.contracts.envelope import Event

UPCASTERS: dict[str, Callable[[Event], Event]] = {}


def upcast(event: Event) -> Event:
    """Apply upcasters until the event is of a version that has none."""
    while event.type in UPCASTERS:
        event = UPCASTERS[event.type](event)
    return event
