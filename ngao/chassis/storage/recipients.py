"""The keys that a service last sealed to, one record a recipient, kept in its own store beside what it seals."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from ngao.chassis.rereading import Reread, Ticks
from ngao.chassis.security import keyfiles
from ngao.chassis.security.vouches import NotBelieved, Pin, RecipientKeys, judge
from ngao.chassis.storage.unit_of_work import Unit

_COLLECTION = "pins"
"""Each service has a record of its own for it, in its own database."""


class OnboardingKeys:
    """The onboarding keys in a service's own folder, read again every few seconds."""

    def __init__(self, directory: Path, *, ticks: Ticks = time.monotonic) -> None:
        self._trusted = Reread(partial(keyfiles.load_onboarding, directory), ticks=ticks)

    def judge(self, written: str | None, recipient_id: str, pin: Pin | None) -> RecipientKeys | NotBelieved:
        """Judge a vouch as `vouches.judge` does, with the keys of the folder."""
        return judge(written, recipient_id, pin, self._trusted.value())


class UnitRecipients:
    """Whom one unit of work may seal to."""

    def __init__(self, unit: Unit, onboarding_keys: OnboardingKeys) -> None:
        self._unit, self._onboarding_keys = unit, onboarding_keys

    def judge(self, vouch: str | None, recipient_id: str) -> RecipientKeys | NotBelieved:
        """Return the keys that are believed, or why none are."""
        return self._onboarding_keys.judge(vouch, recipient_id, self._read(recipient_id)[0])

    def pin(self, recipient_id: str, recipient: RecipientKeys) -> None:
        """Store what was sealed to. A unit that pins another key at the same moment makes the commit a Conflict."""
        known, revision = self._read(recipient_id)
        if known != recipient.pin:
            self._unit.keep(_COLLECTION, {"_id": recipient_id, **vars(recipient.pin)}, revision)

    def _read(self, recipient_id: str) -> tuple[Pin | None, int]:
        record = self._unit.lookups.by(_COLLECTION).one(recipient_id)
        if record is None:
            return None, 0
        return Pin(record["key_id"], record.get("signing_key_id"), record["issued_at"]), record["revision"]
