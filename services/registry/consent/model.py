"""Consent: purpose x data x recipient x until, in the order in which it was said.

A report brings consents; the person may later tell an operator more, or take it back. All are statements with a time.
A consent lives until it expires, until a later withdrawal touches it, or until its source no longer states it. Three
rules are deliberately careful: a withdrawal of the same moment wins; one that names a partner is lifted only by a later
consent that names it; and what a source merely repeats counts from when it was first stated, so that a form sent again
does not undo what the person said to a human since. What gives counts from its own time; what takes away counts as soon
as it is heard.

Intake and referral answer the same question, each for itself: `tests/contract/consent_cases.yaml` holds what all must say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from ngao.kernel.clocks import CLOCKS_DIFFER

_NO_TIME = datetime.min.replace(tzinfo=UTC)


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


@dataclass(frozen=True)
class Telling:
    """All consents that a source states in one event about its report; `sequence` orders its events."""

    sequence: int
    consents: tuple[Statement, ...]


def stated(tellings: Iterable[Telling]) -> tuple[Statement, ...]:
    """What the source states now: the consents of its last telling, each from the first telling of those that state it unbroken.

    The tellings may be in any order; all must be kept, because one that comes late may begin or break what others repeat.
    """
    now: dict[Statement, Statement] = {}
    for telling in sorted(tellings, key=lambda each: each.sequence):
        now = {_content(each): now.get(_content(each), each) for each in telling.consents}
    return tuple(now.values())


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
    given = [each for each in said if each.granted and each.at <= now + CLOCKS_DIFFER]
    covering = [each for each in given if _covers(each, said, scope, recipient)]
    if any(each.until is None or each.until > now for each in covering):
        return Standing.LIVE
    return Standing.EXPIRED if covering else Standing.NONE


def live(statements: Iterable[Statement], purpose: str, scope: str | None, recipient: str | None, now: datetime) -> bool:
    """Whether consent stands at this moment."""
    return standing(statements, purpose=purpose, scope=scope, recipient=recipient, now=now) is Standing.LIVE


def remaining(consent: Statement, said: Iterable[Statement]) -> Statement | None:
    """What withdrawals for everybody have left of a consent; None when that is nothing."""
    return _less(consent, [each for each in said if each.recipient is None and _takes_back(each, consent, None)])


def _content(statement: Statement) -> Statement:
    return replace(statement, at=_NO_TIME)


def _covers(consent: Statement, said: list[Statement], scope: str | None, recipient: str | None) -> bool:
    if consent.recipient not in (None, recipient):
        return False
    left = _less(consent, [each for each in said if _takes_back(each, consent, recipient)])
    return left is not None and (scope is None or scope in left.scope)


def _less(consent: Statement, taken_back: Iterable[Statement]) -> Statement | None:
    scopes = [each.scope for each in taken_back]
    left = consent.scope.difference(*scopes)
    if not all(scopes) or (consent.scope and not left):
        return None
    return replace(consent, scope=left)


def _takes_back(statement: Statement, consent: Statement, recipient: str | None) -> bool:
    if statement.granted or statement.purpose != consent.purpose:
        return False
    if statement.recipient is None:
        return statement.at >= consent.at
    named = statement.recipient in (recipient, consent.recipient)
    return named and (consent.recipient is None or statement.at >= consent.at)
