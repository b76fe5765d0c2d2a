"""The consents that a source states, as statements of their moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.contracts.events.intake import StatedConsent
from ngao.kernel.consent import Statement


def statements_of(stated: Iterable[StatedConsent], at: datetime) -> tuple[Statement, ...]:
    """Read the consents of a report or an update, all dated at this moment."""
    return tuple(
        Statement(
            purpose=statement.purpose,
            scope=tuple(sorted(set(statement.scope))),
            recipient=statement.recipient,
            until=statement.until,
            at=at,
        )
        for statement in stated
    )
