"""The rules about identity that a coalition owns (`deploy/policy/identity.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import sha256

from ngao.kernel.placeholders import Placeholders
from ngao.kernel.retention import Retention
from services.registry.networks.model import Network
from services.registry.protection.model import Terms
from services.registry.trainings.model import Programme


@dataclass(frozen=True)
class MatchingRules:
    """Rules for two records of the same person: similarity and scores are 0 to 1.

    `contradicts_below`: names less alike than this contradict each other. `candidate_from`: the score from which a recorded
    person is a suggestion to a human. `most_candidates`: how many suggestions one case has at most of persons with a similar name
    alone or without one; who shares an address and has a name, or is restricted, is always one. `weights`: what `name` (times its
    similarity), `phone` and `email` add to the score. `same_word_from`: words less alike than this are two names. `kin_words`:
    beside a name they make it another person's ("Mama Njeri" is not Njeri).

    The others decide what a human is asked about, and never join two records: `near_sounds` count as one in names that are looked
    for; `given_names` are forms of one given name (Betty is Elizabeth), each with the first of them; `other_names` are words that
    are never forms of each other, each with the names that it is not. `titles` before a name and `particles` in it are left out.
    """

    contradicts_below: float
    candidate_from: float
    weights: Mapping[str, float]
    same_sounds: Mapping[str, str]
    most_candidates: int
    same_word_from: float = 0.93
    kin_words: frozenset[str] = frozenset()
    near_sounds: Mapping[str, str] = field(default_factory=dict)
    given_names: Mapping[str, str] = field(default_factory=dict)
    other_names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    titles: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()

    @cached_property
    def all_sounds(self) -> Mapping[str, str]:
        """The spellings of `same_sounds` and of `near_sounds` together."""
        return {**self.same_sounds, **self.near_sounds}

    @cached_property
    def keys_version(self) -> str:
        """A digest of all that decides under which keys a name is found."""
        decides = (sorted(self.all_sounds.items()), sorted(self.given_names.items()), sorted(self.titles), sorted(self.particles))
        return sha256(repr(decides).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class CheckinKind:
    """How long a sign of life of this kind is waited for, and what is asked for when it does not come; times in minutes."""

    grace: int
    verify: int
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckinRules:
    """The kinds of check-ins, and how the words of an answer must be."""

    kinds: Mapping[str, CheckinKind] = field(default_factory=dict)
    shortest_word: int = 4
    least_different: int = 3


@dataclass(frozen=True)
class IdentityPolicy:
    """All rules together, with the version that every decision records; `zone` is the time in which safe hours are read.

    A contact that an officer confirmed is to be confirmed again after `reconfirm_after`. When `reconfirm_grace` has passed as
    well, no machine relies on it.
    """

    version: str
    default_region: str
    matching: MatchingRules
    attributes_for_matching: frozenset[str]
    restriction_reasons: tuple[str, ...]
    read_reasons: tuple[str, ...]
    retention: Retention
    placeholders: Placeholders = field(default_factory=Placeholders)
    zone: str = "UTC"
    reconfirm_after: timedelta = timedelta(days=90)
    reconfirm_grace: timedelta = timedelta(days=14)
    networks: Mapping[str, Network] = field(default_factory=dict)
    checkins: CheckinRules = field(default_factory=CheckinRules)
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    counties: frozenset[str] = frozenset()
    protection: Terms = field(default_factory=lambda: Terms({}, {}, {}, {}, {}, 0))
