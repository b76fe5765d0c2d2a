"""The limit on narratives: partners get all of a narrative again with each part."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

MOST_BYTES = 300_000
"""The longest narrative of a first report and half as much again. As JSON, sealed and in base64 it fits into an event."""
MOST_PARTS = 200
CUT = "[\u2026]"
"""Ends a part that was cut, so that its reader sees that there was more."""
_LEAST = 100
"""Less room than this is not worth a part."""


class Refusal(StrEnum):
    """Why a narrative may not be disclosed."""

    RESTRICTED = "restricted"
    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    WITHDRAWN = "withdrawn"
    NO_NARRATIVE = "no_narrative"
    KEY_NOT_VOUCHED = "key_not_vouched"
    KEY_CHANGED = "key_changed"
    KEY_OUTDATED = "key_outdated"
    NOT_SIGNED = "acceptance_not_signed"

    @property
    def reason_for_partner(self) -> str:
        """Return the reason in the event: it does not reveal a restriction."""
        return str(Refusal.NO_CONSENT if self is Refusal.RESTRICTED else self)


def fitting(narrative: str, parts: Sequence[bytes]) -> str:
    """Return as much of the text's beginning as a report has room for that has these parts already, as they are stored."""
    room = MOST_BYTES - sum(map(len, parts)) if len(parts) < MOST_PARTS else 0
    encoded = narrative.encode()
    if len(encoded) <= room:
        return narrative
    return encoded[: room - len(CUT.encode())].decode(errors="ignore") + CUT if room > _LEAST else ""
