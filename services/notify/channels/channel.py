"""The interface of a channel, and what it declares so that settings and roster know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from marshmallow import fields

from services.notify.channels.outgoing import Outcome, OutgoingMessage


class Channel(Protocol):
    """A way to reach people. It never raises for what the far side does, and answers within a bounded time."""

    kind: str

    def send(self, outgoing: OutgoingMessage) -> Outcome:
        """Try once."""
        ...


@dataclass(frozen=True)
class ChannelKind:
    """One kind of channel.

    `kind` is its name in the registry's safe contact and in what is stored, and the field of an address in a roster entry.
    `sections` are its keys in `[own]`; `settings` reads them, and returns None when the channel is not used. `open` creates the
    channel from its settings. `address` is the field that checks an address; `masked` shows only what its owner would recognise.
    """

    kind: str
    sections: Mapping[str, fields.Nested]
    settings: Callable[[Mapping[str, Any]], Any]
    open: Callable[[Any], Channel]
    address: type[fields.String]
    masked: Callable[[str], str]
