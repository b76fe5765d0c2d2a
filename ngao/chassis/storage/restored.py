"""Puts on record, at a service's next start, that a backup was put back: the job that restores has no key of the audit."""

from __future__ import annotations

from functools import partial
from typing import Any

from ngao.chassis.errors import Conflict
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.preflight import RESTORES
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor


def note_restores(store: Store, units: Units, actor: Actor) -> None:
    """Audit each restore that is not on record yet, once, whichever process of the service comes first."""
    for restore in store.durable(RESTORES).find({"ended_at": {"$ne": None}, "noted": False}):
        try:
            units.run(partial(_note, restore, actor))
        except Conflict:
            continue  # another process has noted it


def _note(restore: dict[str, Any], actor: Actor, unit: Unit) -> None:
    detail = {"backup_taken_at": restore["backup_taken_at"].isoformat(), "documents": str(restore["documents"])}
    unit.register_update(RESTORES, {"_id": restore["_id"], "noted": False}, {"$set": {"noted": True}})
    unit.audit("store.restored", subject="store", actor=actor, detail=detail)
