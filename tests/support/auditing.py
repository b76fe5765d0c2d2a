"""Keys of an audit, as a service has them in its folder, and what an audit says once all acts are in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pymongo.collection import Collection

from ngao.chassis.chassis import Chassis
from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Keys
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.connection import AUDIT, JOURNAL, TO_MOVE
from ngao.chassis.storage.journal import Journal
from ngao.testing.waiting import eventually

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = Keys({"2026-10": b"k" * 32}, SINCE)


def audit_keys(keys: Keys = KEYS) -> Reread[Keys]:
    """Keys that need no folder."""
    return Reread(lambda: keys)


def journal_of(database: Any) -> Journal:
    """The journal of one process."""
    return Journal(database, AuditTrail(database, audit_keys()))


def on_record(database: Any) -> Collection[dict[str, Any]]:
    """The audit of a service that runs, once all its acts are in their chains."""
    eventually(lambda: not database[JOURNAL].count_documents(TO_MOVE), what="all acts to be in their chains")
    return database[AUDIT]  # type: ignore[no-any-return]


def audit_of(chassis: Chassis) -> Collection[dict[str, Any]]:
    """The audit of a service whose clerk does not run."""
    chassis.journal.move_all()
    return chassis.store.database[AUDIT]
