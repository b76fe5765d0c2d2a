"""Whether the person has agreed to be referred, and to whom.

Consent arrives as facts with a time, in any order; what stands is always folded anew from all of them, so that a late
grant can never undo a later withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

REFERRAL = "referral"
INTAKE = "intake"
ANY_SCOPE = ""
SKEW = timedelta(minutes=5)
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ConsentFact:
    """One thing the person said. No `recipient` means every vetted partner; an empty `scope` means all of it."""

    scope: tuple[str, ...]
    recipient: str | None
    granted: bool
    at: datetime
    until: datetime | None = None
    said_by: str = "registry"


def joined(known: Iterable[ConsentFact], more: Iterable[ConsentFact]) -> list[ConsentFact]:
    """Add facts to those known.

    Intake repeats a report's grants with every update: of these the first telling counts, or an update would undo a
    withdrawal that came between. What the registry says is always said anew.
    """
    facts: dict[object, ConsentFact] = {}
    for fact in (*known, *more):
        key = replace(fact, at=_NO_TIME) if fact.said_by == INTAKE else fact
        earlier = facts.get(key)
        facts[key] = fact if earlier is None else min(earlier, fact, key=lambda each: each.at)
    return list(facts.values())


@dataclass(frozen=True)
class Standing:
    """What the person agrees to at one moment."""

    grants: dict[str | None, frozenset[str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    withdrawn: bool = False

    def scopes_for(self, partner_id: str) -> frozenset[str]:
        """What a partner may be given; empty when it may not even be asked."""
        if partner_id in self.refused:
            return frozenset()
        return self.grants.get(None, frozenset()) | self.grants.get(partner_id, frozenset())

    def allows(self, partner_id: str) -> bool:
        """Whether the case may be offered to this partner."""
        return bool(self.scopes_for(partner_id))

    @property
    def given(self) -> bool:
        """Whether anybody at all may be asked."""
        return any(self.grants.values())


def standing(facts: Iterable[ConsentFact], now: datetime) -> Standing:
    """Fold the facts in the order of their own time; of two at the same moment the withdrawal counts."""
    grants: dict[str | None, frozenset[str]] = {}
    refused: set[str] = set()
    withdrawn = False
    for fact in sorted(facts, key=lambda each: (each.at, not each.granted)):
        if fact.granted:
            if _lives(fact, now):
                grants[fact.recipient] = grants.get(fact.recipient, frozenset()) | frozenset(fact.scope or (ANY_SCOPE,))
                refused.discard(fact.recipient or "")
        else:
            withdrawn = True
            _withdraw(fact, grants, refused)
    return Standing(grants, frozenset(refused), withdrawn)


def _lives(fact: ConsentFact, now: datetime) -> bool:
    # Services' clocks differ a little: a grant stamped just ahead of us is already a grant.
    return fact.at <= now + SKEW and (fact.until is None or fact.until > now)


def _withdraw(fact: ConsentFact, grants: dict[str | None, frozenset[str]], refused: set[str]) -> None:
    if fact.recipient is not None:
        grants.pop(fact.recipient, None)
        refused.add(fact.recipient)
        return
    for recipient, scopes in list(grants.items()):
        grants[recipient] = scopes - frozenset(fact.scope) if fact.scope else frozenset()
