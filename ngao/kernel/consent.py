"""Consent: purpose x data x recipient x until, and whether it is valid at a given moment.

A report brings consents; the person may later state more to an operator, or withdraw. Every statement has a time, and statements
arrive in any order, so the answer is always computed from all of them. A consent is valid until it expires, until a
withdrawal touches it, or until its source no longer states it. Three rules are deliberately careful:

- of two statements of the same moment, the withdrawal wins;
- a withdrawal that names a partner overrides general consents of any time: only a later consent that names the partner lifts it;
- a repeated consent keeps its first moment, so that a form sent again does not undo a withdrawal.

A consent is valid from its own time, a withdrawal as soon as it arrives. `tests/unit/kernel/consent_cases.yaml` is the
specification.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from ngao.kernel.clocks import CLOCKS_DIFFER

FOR_REFERRAL = "referral"
PURPOSE_ONLY = frozenset({""})
"""What a consent without scope gives: the partner may be asked, and receives no data."""
NO_TIME = datetime.min.replace(tzinfo=UTC)

Scopes = frozenset[str]


@dataclass(frozen=True)
class Statement:
    """One consent or withdrawal. No recipient means any vetted partner; only a consent has an end.

    A consent with an empty scope allows the purpose and no data; a withdrawal with an empty scope withdraws everything.
    """

    purpose: str
    scope: tuple[str, ...] = ()
    recipient: str | None = None
    until: datetime | None = None
    at: datetime = NO_TIME
    granted: bool = True


@dataclass(frozen=True)
class ConsentChange:
    """One event of the registry about a statement: it holds, or it is retracted, because another person said it.

    `sequence` orders the registry's events about a case.
    """

    statement: Statement
    sequence: int = 0
    retracted: bool = False


@dataclass(frozen=True)
class ConsentSnapshot:
    """All consents that a source states in one event about its report; `sequence` orders its events."""

    sequence: int
    consents: tuple[Statement, ...]


class ConsentAnswer(StrEnum):
    """The answer to a question about consent; all but `live` mean no."""

    LIVE = "live"
    EXPIRED = "consent_expired"
    WITHDRAWN = "withdrawn"
    NONE = "no_consent"


@dataclass(frozen=True)
class EffectiveConsent:
    """The person's agreement at one moment: grants by recipient, and what is denied to a named partner although others get it."""

    grants: dict[str | None, Scopes] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    withheld: dict[str | None, Scopes] = field(default_factory=dict)
    withdrawn: bool = False

    def scopes_for(self, recipient: str | None) -> Scopes:
        """Return what a partner (None: anyone) may be given; empty when it may not even be asked."""
        own = self.grants.get(recipient, frozenset())
        if recipient in self.refused:
            return own
        return own | (self.grants.get(None, frozenset()) - self.withheld.get(recipient, frozenset()))

    def allows(self, recipient: str | None, scope: str | None = None) -> bool:
        """Return True if `scope` (None: the purpose as such) covers this partner."""
        scopes = self.scopes_for(recipient)
        return bool(scopes) if scope is None else scope in scopes

    def wider_than(self, before: EffectiveConsent) -> bool:
        """Return True if a partner may be asked or given something that was not allowed before."""
        return any(scopes - before.grants.get(who, frozenset()) for who, scopes in self.grants.items())

    @property
    def given(self) -> bool:
        """Return True if any partner may be asked."""
        return any(self.grants.values())


def effective_consent(statements: Iterable[Statement], now: datetime, *, since: datetime = NO_TIME) -> EffectiveConsent:
    """Return what statements about one purpose allow.

    `since` is when the case began: an older withdrawal does not concern the case unless it limits a consent of it.
    """
    all_statements = list(statements)
    withdrawals = [each for each in all_statements if not each.granted]
    left = [(each, _left(each, withdrawals)) for each in all_statements if each.granted]
    named = [each for each in withdrawals if each.recipient is not None]
    return EffectiveConsent(
        grants=_by_recipient((consent.recipient, scopes) for consent, scopes in left if _lives(consent, now)),
        refused=frozenset(each.recipient for each in named if each.recipient and not each.scope),
        withheld=_by_recipient((each.recipient, frozenset(each.scope)) for each in named),
        withdrawn=any(each.at >= since for each in withdrawals) or not all(scopes for _, scopes in left),
    )


def consent_answer(
    statements: Iterable[Statement], *, purpose: str, scope: str | None, recipient: str | None, now: datetime
) -> ConsentAnswer:
    """Return whether `scope` (None: the purpose as such) may be used for `purpose` towards `recipient` (None: anyone) now."""
    of_purpose = [each for each in statements if each.purpose == purpose]
    if effective_consent(of_purpose, now).allows(recipient, scope):
        return ConsentAnswer.LIVE
    if effective_consent([replace(each, until=None) for each in of_purpose], now).allows(recipient, scope):
        return ConsentAnswer.EXPIRED
    withdrawals = (each for each in of_purpose if not each.granted and each.recipient in (None, recipient))
    withdrawn = any(not each.scope or scope is None or scope in each.scope for each in withdrawals)
    return ConsentAnswer.WITHDRAWN if withdrawn else ConsentAnswer.NONE


def stated(snapshots: Iterable[ConsentSnapshot]) -> tuple[Statement, ...]:
    """Return the consents of a source's last event, each from the first event of those that state it without a gap.

    The events may be in any order; keep all, because a late one may begin or break what others repeat.
    """
    now: dict[object, Statement] = {}
    for snapshot in sorted(snapshots, key=lambda each: each.sequence):
        now = {_content(each): now.get(_content(each), each) for each in snapshot.consents}
    return tuple(now.values())


def with_change(known: Iterable[ConsentChange], change: ConsentChange) -> tuple[ConsentChange, ...]:
    """Return the changes with one more; of those that say the same, the one with the highest sequence is kept."""
    changes = {(each.statement, each.retracted): each for each in known}
    same = changes.setdefault((change.statement, change.retracted), change)
    if same.sequence < change.sequence:
        changes[change.statement, change.retracted] = change
    return tuple(changes.values())


def holding(changes: Iterable[ConsentChange]) -> tuple[Statement, ...]:
    """Return the statements that hold: those that were said after they were last retracted. The events may be in any order.

    A retraction applies to a statement whatever its scope, because what withdrawals had left of it may have been said, too.
    """
    changes = tuple(changes)
    retracted: dict[object, int] = {}
    for each in changes:
        if each.retracted:
            key = said(each.statement)
            retracted[key] = max(each.sequence, retracted.get(key, each.sequence))
    left = (each for each in changes if not each.retracted and each.sequence > retracted.get(said(each.statement), -1))
    return tuple(each.statement for each in left)


def said(statement: Statement) -> object:
    """Return what makes a statement the same one, whatever withdrawals have left of its scope."""
    return statement.purpose, statement.recipient, statement.until, statement.at, statement.granted


def carried_over(old: Iterable[Statement], new: Iterable[Statement], now: datetime) -> tuple[Statement, ...]:
    """Return the consents of an update with the moment each was given: a repeated one keeps its old moment."""
    known = {_content(each): each.at for each in old}
    return tuple(replace(each, at=known.get(_content(each), now)) for each in new)


def remaining(consent: Statement, statements: Iterable[Statement]) -> Statement | None:
    """Return what general withdrawals have left of a consent, or None when that is nothing."""
    general = [each for each in statements if not each.granted and each.recipient is None and each.purpose == consent.purpose]
    left = _left(consent, general)
    return replace(consent, scope=tuple(each for each in consent.scope if each in left)) if left else None


def _content(consent: Statement) -> object:
    return consent.purpose, frozenset(consent.scope), consent.recipient, consent.until


def _by_recipient(scopes: Iterable[tuple[str | None, Scopes]]) -> dict[str | None, Scopes]:
    found: dict[str | None, Scopes] = {}
    for recipient, more in scopes:
        found[recipient] = found.get(recipient, frozenset()) | more
    return found


def _lives(consent: Statement, now: datetime) -> bool:
    return consent.at <= now + CLOCKS_DIFFER and (consent.until is None or consent.until > now)


def _left(consent: Statement, withdrawals: Iterable[Statement]) -> Scopes:
    """Return what is left of a consent for those it names; a denial to one partner of many reduces its share alone."""
    beating = [each for each in withdrawals if each.at >= consent.at and each.recipient in (None, consent.recipient)]
    if any(not each.scope for each in beating):
        return frozenset()
    return frozenset(consent.scope or PURPOSE_ONLY).difference(*(each.scope for each in beating))
