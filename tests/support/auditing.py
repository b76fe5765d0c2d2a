"""Keys of an audit, as a service has them in its folder."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Keys

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = Keys({"2026-10": b"k" * 32}, SINCE)


def audit_keys(keys: Keys = KEYS) -> Reread[Keys]:
    """Keys that need no folder."""
    return Reread(lambda: keys)
