"""Consent: purpose x data x recipient x until, in the order in which it was said.

A report brings consents; the person may later tell an operator more, or take it back. All are statements with a time.
A consent lives until it expires or until a later withdrawal touches it. Two rules are deliberately careful: a
withdrawal of the same moment wins, and what a source repeats about its report counts from when the report came, so
that a form sent again does not undo what the person said to a human since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Statement:
    """One thing said about consent. No recipient means any vetted partner.

    A consent with an empty scope allows the purpose and no data; a withdrawal with an empty scope takes all data back.
    """

    granted: bool
    purpose: str
    scope: frozenset[str]
    at: datetime
    recipient: str | None = None
    until: datetime | None = None


class Standing(StrEnum):
    """How a question about consent is answered; all but `live` is a no."""

    LIVE = "live"
    EXPIRED = "consent_expired"
    NONE = "no_consent"


def standing(
    statements: Iterable[Statement], *, purpose: str, scope: str | None, recipient: str | None, now: datetime
) -> Standing:
    """May `scope` (None: the purpose as such) be used for `purpose` towards `recipient` (None: towards anyone)?"""
    said = [each for each in statements if each.purpose == purpose]
    covering = [each for each in said if each.granted and _covers(each, said, scope, recipient)]
    if any(each.until is None or each.until > now for each in covering):
        return Standing.LIVE
    return Standing.EXPIRED if covering else Standing.NONE


def live(statements: Iterable[Statement], purpose: str, scope: str | None, recipient: str | None, now: datetime) -> bool:
    """Whether consent stands at this moment."""
    return standing(statements, purpose=purpose, scope=scope, recipient=recipient, now=now) is Standing.LIVE


def _covers(consent: Statement, said: list[Statement], scope: str | None, recipient: str | None) -> bool:
    if consent.recipient not in (None, recipient):
        return False
    taken_back = [each for each in said if _takes_back(each, consent, recipient)]
    if any(not each.scope for each in taken_back):
        return False
    left = consent.scope.difference(*(each.scope for each in taken_back))
    if scope is None:
        return bool(left) or not consent.scope
    return scope in left


def _takes_back(statement: Statement, consent: Statement, recipient: str | None) -> bool:
    touches = statement.recipient is None or statement.recipient in (recipient, consent.recipient)
    return not statement.granted and touches and statement.at >= consent.at
