"""Decide who a report is about. One mistake splits a person's record; the other discloses a person to a stranger.

So only an exact address with the same name joins by itself, because relatives share a phone and a surname, and phones are
borrowed: one without a name names no one. Everything else that looks alike is put before a human, with scores and reasons, and
until then counts as a person of its own. What was joined by itself no human can separate again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

from services.registry.people.identity import Identity
from services.registry.people.names import Likeness, Similarity, closest, is_near, likest, may_be_namesakes
from services.registry.rules import MatchingRules

_NEAR = 0.9
"""How alike names in other forms count at least, 0 to 1: enough to ask a human."""
_OTHERS = frozenset({"other_name", "other_word"})


class Kind(StrEnum):
    """The ways in which the registry can know the person."""

    EXISTING = "existing"
    NEW = "new"
    CANDIDATE = "candidate"
    ANONYMOUS = "anonymous"
    BY_REFERENCE = "by_reference"


@dataclass(frozen=True)
class KnownPerson:
    """A person already recorded who may be the one: `shares` names what is equal by keyed hash (`phone`, `email`)."""

    ref: str
    identity: Identity
    shares: frozenset[str] = frozenset()
    restricted: bool = False

    @property
    def is_named(self) -> bool:
        """Return True if any name of theirs is known."""
        return bool(self.identity.names)

    @property
    def is_always_suggested(self) -> bool:
        """Return True if others who fit as well must not push them out: a restriction holds only for who is suggested."""
        return self.restricted or (self.is_named and bool(self.shares))


@dataclass(frozen=True)
class Suggestion:
    """A probable match for a human to decide: score 0 to 1, and the reasons as codes."""

    defender_ref: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Resolution:
    """The answer: for `existing` and `by_reference` whose record, for `candidate` whose it may be."""

    kind: Kind
    defender_ref: str | None = None
    suggestions: tuple[Suggestion, ...] = ()


class Verdict(StrEnum):
    """What a human has said about a candidate; each can be changed again."""

    OPEN = "open"
    LINKED = "linked"
    SEPARATE = "separate"


@dataclass
class Candidate:
    """One case waiting for a human to say whether its person is known already.

    `unsure_by` has looked last without deciding, and asks others to.
    """

    id: str
    defender_ref: str
    suggestions: tuple[Suggestion, ...]
    created_at: datetime
    verdict: Verdict = Verdict.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    unsure_by: str | None = None
    unsure_at: datetime | None = None
    revision: int = field(default=0, compare=False)

    def is_about(self, refs: Container[str]) -> bool:
        """Return True if it is of a case of one of these records, or suggests one of them."""
        return self.defender_ref in refs or any(each.defender_ref in refs for each in self.suggestions)

    def decide(self, verdict: Verdict, *, by: str, at: datetime) -> None:
        """Record a human's decision; a later one replaces it."""
        self.verdict, self.decided_by, self.decided_at = verdict, by, at

    def leave_open(self, *, by: str, at: datetime) -> None:
        """Record that a human has looked, is not sure, and asks another one to decide."""
        self.unsure_by, self.unsure_at = by, at


def resolve(
    identity: Identity | None,
    known: Iterable[KnownPerson],
    rules: MatchingRules,
    similarity: Similarity,
    *,
    referenced: KnownPerson | None = None,
) -> Resolution:
    """Decide who it is. `known` are recorded persons who may be the same, as searches found them.

    `referenced` is the person whose reference the source gave, when the registry has it.
    """
    if referenced is not None:
        return _by_reference(identity, referenced, rules, similarity)
    if identity is None:
        return Resolution(Kind.ANONYMOUS)
    persons, similarity = list(known), cache(similarity)
    exact = [person for person in persons if person.shares and _is_exact(identity, person, rules, similarity)]
    if len(exact) == 1:
        return Resolution(Kind.EXISTING, exact[0].ref)
    probable = _probable(identity, persons, rules, similarity)
    return Resolution(Kind.CANDIDATE, None, probable) if probable else Resolution(Kind.NEW)


def _by_reference(identity: Identity | None, known: KnownPerson, rules: MatchingRules, similarity: Similarity) -> Resolution:
    if identity is None or _likeness(identity, known.identity, rules, similarity) is not Likeness.OTHER:
        return Resolution(Kind.BY_REFERENCE, known.ref)
    return Resolution(Kind.CANDIDATE, None, (Suggestion(known.ref, 0.5, ("same_reference", "other_name")),))


def _is_exact(identity: Identity, known: KnownPerson, rules: MatchingRules, similarity: Similarity) -> bool:
    """Return True if the names are one name. Grandparents share a phone with the children who are named after them."""
    if known.shares == {"phone"} and may_be_namesakes(identity.names, known.identity.names, rules):
        return False
    return _likeness(identity, known.identity, rules, similarity) is Likeness.SAME


def _likeness(mine: Identity, theirs: Identity, rules: MatchingRules, similarity: Similarity) -> Likeness:
    """Return whether the names can be one person's. Of a side without a name too little is known."""
    alike = closest(mine.names, theirs.names, similarity)
    if alike is None:
        return Likeness.PARTLY
    return _by_words(mine, theirs, rules, similarity) if alike >= rules.contradicts_below else Likeness.OTHER


def _by_words(mine: Identity, theirs: Identity, rules: MatchingRules, similarity: Similarity) -> Likeness:
    return likest(mine.names, theirs.names, rules, similarity) or Likeness.OTHER


def _probable(
    identity: Identity, known: list[KnownPerson], rules: MatchingRules, similarity: Similarity
) -> tuple[Suggestion, ...]:
    """Return whom it may be, the most probable first: of those with a similar name alone or no name so many as policy says."""
    scored = [(person, _score(identity, person, rules, similarity)) for person in known]
    worthy = [(person, suggestion) for person, suggestion in scored if suggestion.score >= rules.candidate_from]
    worthy.sort(key=lambda each: (not each[0].is_named, -each[1].score, each[1].defender_ref))
    others = [person.ref for person, _ in worthy if not person.is_always_suggested]
    left_out = set(others[rules.most_candidates :])
    return tuple(suggestion for person, suggestion in worthy if person.ref not in left_out)


def _score(identity: Identity, known: KnownPerson, rules: MatchingRules, similarity: Similarity) -> Suggestion:
    alike = closest(identity.names, known.identity.names, similarity)
    about_name = _about_name(identity, known.identity, alike, rules, similarity)
    if about_name in _OTHERS and is_near(identity.names, known.identity.names, rules):
        about_name, alike = "other_form", max(alike or 0.0, _NEAR)
    shared = sum(rules.weights[kind] for kind in known.shares)
    alone = not shared and about_name in _OTHERS
    score = 0.0 if alone else min(1.0, shared + rules.weights["name"] * (alike or 0.0))
    return Suggestion(known.ref, round(score, 3), (*(f"same_{kind}" for kind in sorted(known.shares)), about_name))


def _about_name(mine: Identity, theirs: Identity, alike: float | None, rules: MatchingRules, similarity: Similarity) -> str:
    if alike is None:
        return "no_name"
    if alike < rules.contradicts_below:
        return "other_name"
    likeness = _by_words(mine, theirs, rules, similarity)
    return {Likeness.OTHER: "other_word", Likeness.PARTLY: "part_of_name", Likeness.SAME: "similar_name"}[likeness]
