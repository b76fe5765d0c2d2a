"""The channels that there are. To add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.channels.channel import ChannelKind
from services.notify.channels.email import EMAIL

CHANNELS: Mapping[str, ChannelKind] = {channel.kind: channel for channel in (EMAIL,)}
