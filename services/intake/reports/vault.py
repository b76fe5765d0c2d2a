"""The two kinds of seals: fields of a report with the data key of its case, and an identity to the registry's public key."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from ngao.chassis.clock import Clock
from ngao.chassis.messaging.sent_events import SentEvents
from ngao.chassis.security.keyfiles import active_public
from ngao.chassis.security.sealed_boxes import seal_to
from ngao.chassis.storage.connection import OUTBOX_DAYS
from ngao.chassis.storage.unit_of_work import Unit
from services.intake.reports.model import Report, SealedIdentity

_COLLECTION = "reports"
_KEY_KEPT_FOR = timedelta(seconds=10)


class CaseVault:
    """Seals fields of a report under the case's data key: erasing a case destroys the key."""

    def __init__(self, unit: Unit, sent: SentEvents) -> None:
        self._unit, self._sent = unit, sent

    def destroy(self, report: Report) -> None:
        """Register the end of the case's key; then what was sent about it and is kept is removed, because it holds boxes."""
        self._unit.destroy_key(_scope(report))
        if self._unit.now - report.received_at <= timedelta(days=OUTBOX_DAYS):
            self._unit.afterwards.append(lambda: self._sent.erase(report.case_ref, report.received_at))

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:
        """Return ciphertext that opens only as this field of this report."""
        scope = _scope(report)
        if not report.revision:
            self._unit.sealer.create_key(scope)
        return self._unit.sealer.seal(scope, _COLLECTION, report.id, field, plaintext)

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:
        """Return the plaintext. Raises SealBroken."""
        return self._unit.sealer.open(_scope(report), _COLLECTION, report.id, field, ciphertext)

    def add_to_narrative(self, report: Report, text: str) -> None:
        """Seal one more part of a report's narrative."""
        part = self.seal(report, f"narrative.{len(report.narrative_parts)}", text.encode())
        report.narrative_parts = (*report.narrative_parts, part)

    def narrative(self, report: Report) -> str:
        """Return the narrative of a report, as one text. Raises SealBroken."""
        return "\n\n".join(self.parts(report))

    def parts(self, report: Report) -> list[str]:
        """Return the parts of the same. Raises SealBroken."""
        return [self.open(report, f"narrative.{at}", part).decode() for at, part in enumerate(report.narrative_parts)]


def scope_of(case_ref: str) -> str:
    """Return the scope of a case's data key, which opens all that intake seals about the case."""
    return f"case:{case_ref}"


def _scope(report: Report) -> str:
    return scope_of(report.case_ref)


class RegistryBox:
    """Sealed boxes for the registry, whose newest key is looked up again every few seconds."""

    def __init__(self, public_keys: Path, clock: Clock) -> None:
        self._public_keys = public_keys
        self._clock = clock
        self._key: tuple[str, str] = active_public(public_keys, "registry")
        self._until: datetime = clock.now() + _KEY_KEPT_FOR

    def seal_to_registry(self, plaintext: bytes) -> SealedIdentity:
        """Return a box that only the registry opens, by its active key."""
        if self._clock.now() >= self._until:
            self._key, self._until = active_public(self._public_keys, "registry"), self._clock.now() + _KEY_KEPT_FOR
        key_id, public = self._key
        return SealedIdentity(key_id, seal_to(public, plaintext))
