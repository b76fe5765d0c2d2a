"""How the services write what several pages read: moments and actors."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def account_of(actor: str | None) -> str:
    """Return the account of an actor as services name it: `operator:amina` is amina."""
    return (actor or "").rpartition(":")[2]


def moment_of(given: Any) -> datetime | None:
    """Return a moment as services write it; None for anything else."""
    return datetime.fromisoformat(given) if isinstance(given, str) else None
