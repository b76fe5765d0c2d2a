"""Keys of an audit, as a service has them in its folder."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao.chassis.security.audit import Keys
from ngao.chassis.storage.audit_keys import AuditKeys

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = Keys({"2026-10": b"k" * 32}, SINCE)


def audit_keys(keys: Keys = KEYS) -> AuditKeys:
    """Keys that need no folder."""
    return AuditKeys(lambda: keys)
