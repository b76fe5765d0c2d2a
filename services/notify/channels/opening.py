"""The channels that there are: to add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from services.notify.channels.email import EmailChannel
from services.notify.channels.letter import Letter, Outcome


class Channel(Protocol):
    """A way to reach people. It never raises for what the far side does, and answers within a bounded time."""

    kind: str

    def send(self, letter: Letter) -> Outcome:
        """Try once."""
        ...


CHANNELS = {EmailChannel.kind: EmailChannel}


def open_channels(settings: Mapping[str, Any]) -> dict[str, Channel]:
    """Make each channel that has settings, by its kind."""
    return {kind: CHANNELS[kind](given) for kind, given in settings.items()}
