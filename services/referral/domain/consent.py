"""Whether the person has agreed to be referred, and to whom.

Consent arrives as facts with a time, in any order; what stands is always found anew from all of them, so that a late grant
can never undo a later withdrawal. What gives counts from its own time; what takes away counts as soon as it is heard.

Intake and the registry answer the same question, each for itself: `tests/contract/consent_cases.yaml` holds what all must say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ngao.kernel.clocks import CLOCKS_DIFFER

REFERRAL = "referral"
PURPOSE_ONLY = frozenset({""})
"""What a consent without scope gives: the partner may be asked, and is told nothing."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ConsentFact:
    """One thing the person said. No `recipient` means every vetted partner.

    A grant with an empty `scope` allows the referral and no data; a withdrawal with an empty one takes all back.
    """

    scope: tuple[str, ...]
    recipient: str | None
    granted: bool
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Telling:
    """All grants that a source states in one event about its report; `sequence` orders its events."""

    sequence: int
    grants: tuple[ConsentFact, ...]


def stated(tellings: Iterable[Telling]) -> list[ConsentFact]:
    """What the source states now: the grants of its last telling, each from the first telling of those that state it unbroken.

    An update repeats what still holds; were it taken for a new grant, it would undo a withdrawal that came between. The
    tellings may be in any order; all must be kept, because one that comes late may begin or break what others repeat.
    """
    now: dict[object, ConsentFact] = {}
    for telling in sorted(tellings, key=lambda each: each.sequence):
        now = {_content(each): now.get(_content(each), each) for each in telling.grants}
    return list(now.values())


@dataclass(frozen=True)
class Standing:
    """What the person agrees to at one moment: grants by recipient, and what of those for everybody a partner must not have."""

    grants: dict[str | None, frozenset[str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    withheld: dict[str | None, frozenset[str]] = field(default_factory=dict)
    withdrawn: bool = False

    def scopes_for(self, partner_id: str) -> frozenset[str]:
        """What a partner may be given; empty when it may not even be asked."""
        own = self.grants.get(partner_id, frozenset())
        if partner_id in self.refused:
            return own
        return own | (self.grants.get(None, frozenset()) - self.withheld.get(partner_id, frozenset()))

    def allows(self, partner_id: str) -> bool:
        """Whether the case may be offered to this partner."""
        return bool(self.scopes_for(partner_id))

    def wider_than(self, before: Standing) -> bool:
        """Whether somebody may be asked, or given something, that could not be before."""
        return any(scopes - before.grants.get(who, frozenset()) for who, scopes in self.grants.items())

    @property
    def given(self) -> bool:
        """Whether anybody at all may be asked."""
        return any(self.grants.values())


def standing(facts: Iterable[ConsentFact], now: datetime, *, since: datetime = _NO_TIME) -> Standing:
    """What stands; of two at the same moment the withdrawal counts.

    `since` is when the case began: a withdrawal older than that says nothing about the case unless it takes something away.
    """
    facts = list(facts)
    withdrawals = [fact for fact in facts if not fact.granted]
    left = [(fact, _left(fact, withdrawals)) for fact in facts if fact.granted]
    grants = _by_recipient((grant.recipient, scopes) for grant, scopes in left if _lives(grant, now))
    named = [fact for fact in withdrawals if fact.recipient is not None]
    refused = frozenset(fact.recipient for fact in named if fact.recipient and not fact.scope)
    withheld = _by_recipient((fact.recipient, frozenset(fact.scope)) for fact in named)
    withdrawn = any(fact.at >= since for fact in withdrawals) or not all(scopes for _, scopes in left)
    return Standing(grants, refused, withheld, withdrawn)


def _by_recipient(scopes: Iterable[tuple[str | None, frozenset[str]]]) -> dict[str | None, frozenset[str]]:
    found: dict[str | None, frozenset[str]] = {}
    for recipient, more in scopes:
        found[recipient] = found.get(recipient, frozenset()) | more
    return found


def _content(grant: ConsentFact) -> object:
    return frozenset(grant.scope), replace(grant, scope=(), at=_NO_TIME)


def _lives(grant: ConsentFact, now: datetime) -> bool:
    return grant.at <= now + CLOCKS_DIFFER and (grant.until is None or grant.until > now)


def _left(grant: ConsentFact, withdrawals: Iterable[ConsentFact]) -> frozenset[str]:
    """What is left of a grant for those it names; what one partner out of all must not have is taken off its share alone."""
    beating = [each for each in withdrawals if each.at >= grant.at and each.recipient in (None, grant.recipient)]
    if any(not each.scope for each in beating):
        return frozenset()
    return frozenset(grant.scope or PURPOSE_ONLY).difference(*(each.scope for each in beating))
