"""Open the box of a message, in memory, at the moment of sending."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ngao.chassis.errors import Misconfigured, SealBroken
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.sealed_boxes import OwnBoxes
from services.notify.handed.store import UsedOnce
from services.notify.messages.model import Message

_log = get_logger("notify")


@dataclass
class HandedAddresses:
    """Gives the address of one message, once. `keys` is the folder of notify's own keys.

    The keys are read at the first message to a person: without them alarms to officers are sent as ever.
    """

    kept: UsedOnce
    keys: Path
    now: Callable[[], datetime]
    _boxes: OwnBoxes | None = field(default=None, init=False)

    def take(self, message: Message) -> str | None:
        """Return the address, or None if there is none for this message and its last request. It is deleted either way."""
        handed = self.kept.take(message.id, self.now())
        if handed is None or handed.ask_id != message.asked or handed.channel != message.channel:
            return None
        try:
            self._boxes = self._boxes or OwnBoxes(self.keys)
            content = json.loads(self._boxes.open(handed.key_id, handed.box.decode()))
        except (SealBroken, Misconfigured) as error:
            _log.warning("address.not_opened", message_id=message.id, **describe_error(error))
            return None
        bound = (content.get("message_id"), content.get("ask_id"), content.get("channel"))
        return str(content["address"]) if bound == (message.id, handed.ask_id, message.channel) else None
