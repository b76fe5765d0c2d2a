"""The keys that a service last sealed to, one record a recipient, kept in its own store beside what it seals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ngao.chassis.rereading import Reread
from ngao.chassis.security import keyfiles
from ngao.chassis.security.vouches import NotBelieved, Pin, RecipientKeys, judge
from ngao.chassis.storage.unit_of_work import Unit

_COLLECTION = "pins"
"""Each service has a record of its own for it, in its own database."""


def onboarding_keys(directory: Path) -> Reread[Mapping[str, str]]:
    """Return the onboarding keys in a service's own folder by their ids, read again every few seconds."""
    return Reread(partial(keyfiles.load_onboarding, directory))


class UnitRecipients:
    """Whom one unit of work may seal to, by the word of the onboarding keys that are `trusted`."""

    def __init__(self, unit: Unit, trusted: Reread[Mapping[str, str]]) -> None:
        self._unit, self._trusted = unit, trusted

    def judge(self, vouch: str | None, recipient_id: str) -> RecipientKeys | NotBelieved:
        """Return the keys that are believed, or why none are."""
        return judge(vouch, recipient_id, self._read(recipient_id)[0], self._trusted.value())

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
