"""What a source states about consents, as statements of its moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.contracts.events.intake import StatedConsent
from ngao.kernel.consent import Statement


def statements_of(stated: Iterable[StatedConsent], at: datetime) -> tuple[Statement, ...]:
    """Read the consents of a report or an update; each counts from this moment."""
    return tuple(
        Statement(
            purpose=each.purpose, scope=tuple(sorted(set(each.scope))), recipient=each.recipient, until=each.until, at=at
        )
        for each in stated
    )
