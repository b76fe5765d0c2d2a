"""What several pages read: moments, actors and ids as the services write them; and the languages of the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ngao.kernel.ids import ID

CASE = "[A-Za-z0-9-]{4,40}"
"""What the reference of a case looks like in an address or a form."""
DEFENDER = "DEF-[A-Za-z0-9]{4,40}"
"""What the reference of a person looks like in an address or a form."""
ACCOUNT = ID
"""The id of an account: of a person, a source or a partner."""
LANGUAGES = {"en": "English", "sw": "Kiswahili"}
"""The languages of the pages by their code, each under its own name."""


def account_of(actor: str | None) -> str:
    """Return the account of an actor as services name it: `operator:amina` is amina."""
    return (actor or "").rpartition(":")[2]


def moment_of(given: Any) -> datetime | None:
    """Return a moment as services write it; None for anything else."""
    return datetime.fromisoformat(given) if isinstance(given, str) else None
