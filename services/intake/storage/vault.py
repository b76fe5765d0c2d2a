"""Seals: what intake keeps, under the case's own key, and what it hands on, to its reader's key."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from ngao.chassis.clock import Clock
from ngao.chassis.security import seals
from ngao.chassis.security.keyfiles import active_public
from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.unit_of_work import Unit
from services.intake.domain.report import Report, SealedIdentity

_COLLECTION = "reports"
_KEY_KEPT_FOR = timedelta(seconds=10)


class CaseVault:
    """Seals fields of a report under the case's data key: erasing a case destroys the key."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:
        """Ciphertext that opens only as this field of this report."""
        return self._unit.sealer.seal(f"case:{report.case_ref}", _COLLECTION, report.id, field, plaintext)

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:
        """The plaintext; raises SealBroken."""
        return self._unit.sealer.open(f"case:{report.case_ref}", _COLLECTION, report.id, field, ciphertext)


class BoxSeals:
    """Sealed boxes for the registry and for partners. The registry's newest key is looked up again every few seconds."""

    def __init__(self, public_keys: Path, clock: Clock) -> None:
        self._public_keys = public_keys
        self._clock = clock
        self._key: tuple[str, str] = active_public(public_keys, "registry")
        self._until: datetime = clock.now() + _KEY_KEPT_FOR

    def to_registry(self, plaintext: bytes) -> SealedIdentity:
        """A box for the registry's active key."""
        if self._clock.now() >= self._until:
            self._key, self._until = active_public(self._public_keys, "registry"), self._clock.now() + _KEY_KEPT_FOR
        key_id, public = self._key
        return SealedIdentity(key_id, seals.seal_to(public, plaintext))

    def to_partner(self, public_key: str, plaintext: bytes) -> str:
        """A box for one partner's key; raises InvalidInput if it is none."""
        return seals.seal_to(public_key, plaintext)


class LookupHashes:
    """Keyed hashes of values that must be compared and not kept."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def of(self, kind: str, value: str) -> str:
        """The keyed hash of a normalised value."""
        return self._keyring.lookup_hash(kind, value)
