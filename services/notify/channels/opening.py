"""The channels that there are. To add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.notify.channels.channel import Channel, ChannelKind
from services.notify.channels.email import EMAIL

CHANNELS: Mapping[str, ChannelKind] = {channel.kind: channel for channel in (EMAIL,)}


def open_channels(settings: Mapping[str, Any]) -> dict[str, Channel]:
    """Create each channel that has settings, by its kind."""
    return {kind: CHANNELS[kind].open(given) for kind, given in settings.items()}
