"""Find who can help now: hard exclusions first, then a score in points, each with its reason.

Only so many fitting partners are compared (`consider` of the policy), the likeliest first; so the work does not grow
with the directory, and every result still says who was looked at and why others were not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from ngao.kernel.consent import EffectiveConsent
from services.referral.cases.facts import Reason
from services.referral.directory.model import Directory, Partner, draw
from services.referral.offers.showing import Showing


@dataclass(frozen=True)
class Weights:
    """Points for each thing that speaks for a partner."""

    local: int
    language: int
    free_capacity: int
    response: int
    open_now: int


@dataclass(frozen=True)
class MatchingPolicy:
    """The coalition's rules of matching and of what an offer shows. `consider` bounds how many fitting partners are compared.

    `timezone` is that of a partner which is entered without one.
    """

    version: str
    weights: Weights
    consider: int
    default_need: str
    showing: Showing = field(default_factory=Showing)
    timezone: str = "UTC"


@dataclass(frozen=True)
class Load:
    """A partner's present load: `accepted` referrals, and `asked` offers it has not answered.

    An offer reserves a place: it is occupied until the offer is declined, expires or is withdrawn, or the work ends.
    """

    accepted: int = 0
    asked: int = 0

    @property
    def places(self) -> int:
        """Return how many of its places are occupied or reserved."""
        return self.accepted + self.asked


@dataclass(frozen=True)
class MatchRequest:
    """The criteria of a match, and the partners who must not be asked."""

    case_ref: str
    need: str
    county: str
    languages: tuple[str, ...]
    never: frozenset[str]
    tried: frozenset[str]
    consent: EffectiveConsent
    now: datetime

    @property
    def seed(self) -> str:
        """Return the seed that draws among equals."""
        return f"{self.case_ref}/{self.need}"


class Point(NamedTuple):
    """Some points for a partner, and what they are for."""

    rule: str
    points: int
    counted: tuple[object, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A partner that fits, with its points and what they are for."""

    partner_id: str
    score: int
    points: tuple[Point, ...]
    capacity: int = 0

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the points as sentences; built only on reading, because few candidates are ever chosen."""
        return tuple(
            Reason(point.rule, _SENTENCES[point.rule].format(*point.counted, points=point.points)) for point in self.points
        )


@dataclass(frozen=True)
class Exclusion:
    """A partner that was examined and may not be asked, by the first rule that excludes it."""

    partner_id: str
    reason: Reason


@dataclass(frozen=True)
class Match:
    """The answer: which partners to ask, best first, and why not others. `directory_size` is the number of partners."""

    candidates: tuple[Candidate, ...]
    excluded: tuple[Exclusion, ...]
    policy_version: str
    directory_size: int


Loads = Callable[[Sequence[str]], Mapping[str, Load]]


@dataclass(frozen=True)
class Matcher:
    """The inputs of a match: the directory, its partners' load, how they answered before (0 to 1), the policy."""

    directory: Directory
    loads: Loads
    policy: MatchingPolicy
    responses: Mapping[str, float] = field(default_factory=dict)

    def match(self, wanted: MatchRequest) -> Match:
        """Rank who can be asked. Full partners are skipped and the next ones considered."""
        excluded = list(self._never_or_tried(wanted))
        fitting = self._fitting(wanted, excluded)
        free: list[tuple[Partner, Load]] = []
        while len(free) < self.policy.consider and (window := list(islice(fitting, self.policy.consider))):
            loads = self.loads([partner.id for partner in window])
            for partner in window:
                load = loads.get(partner.id, Load())
                if load.places >= partner.capacity:
                    excluded.append(Exclusion(partner.id, FULL))
                else:
                    free.append((partner, load))
        ranked = sorted(
            (self._candidate(partner, load, wanted) for partner, load in free),
            key=lambda each: (-each.score, draw(f"{wanted.seed}/{each.partner_id}")),
        )
        return Match(tuple(ranked), tuple(excluded), self.policy.version, len(self.directory))

    def why_not(self, partner_id: str, wanted: MatchRequest) -> Reason | None:
        """Return the rule that excludes one partner, whether or not a match would have examined it, or None when it fits."""
        partner = self.directory.get(partner_id)
        if partner is None:
            return Reason("unknown_partner", "The directory has no such partner.")
        broken = exclusion(partner, wanted)
        if broken is None and self.loads([partner_id]).get(partner_id, Load()).places >= partner.capacity:
            return FULL
        return broken

    def _never_or_tried(self, wanted: MatchRequest) -> Iterator[Exclusion]:
        # These few are always explained, even where the match would not have come to them.
        for partner_id in sorted(wanted.never | wanted.tried):
            yield Exclusion(partner_id, _NEVER if partner_id in wanted.never else _TRIED)

    def _fitting(self, wanted: MatchRequest, excluded: list[Exclusion]) -> Iterator[Partner]:
        listed = wanted.never | wanted.tried
        for partner in self.directory.for_need(wanted.need, wanted.county, wanted.languages, wanted.seed):
            broken = exclusion(partner, wanted)
            if broken is None:
                yield partner
            elif partner.id not in listed:
                excluded.append(Exclusion(partner.id, broken))

    def _candidate(self, partner: Partner, load: Load, wanted: MatchRequest) -> Candidate:
        points = tuple(_points(partner, load, self.responses.get(partner.id), wanted, self.policy.weights))
        return Candidate(partner.id, sum(point.points for point in points), points, partner.capacity)


_NEVER = Reason("restriction", "The person must never be referred to this partner.")
_TRIED = Reason("already_tried", "This partner was asked for this need before.")
FULL = Reason("no_capacity", "Every place of the partner is taken, or offered and not answered yet.")
_RULES: tuple[tuple[Reason, Callable[[Partner, MatchRequest], bool]], ...] = (
    (_NEVER, lambda partner, wanted: partner.id in wanted.never),
    (_TRIED, lambda partner, wanted: partner.id in wanted.tried),
    (
        Reason("support_type", "The partner does not give this support."),
        lambda partner, wanted: wanted.need not in partner.support_types,
    ),
    (
        Reason("county", "The partner does not work in this county."),
        lambda partner, wanted: not partner.covers(wanted.county),
    ),
    (Reason("unvetted", "The partner has not been vetted."), lambda partner, _: not partner.vetted),
    (Reason("revoked", "The partner was revoked."), lambda partner, _: partner.revoked),
    (Reason("suspended", "The partner is suspended."), lambda partner, _: partner.suspended),
    (
        Reason("no_key", "The partner has no key that disclosures could be sealed to."),
        lambda partner, _: not partner.public_key,
    ),
    (
        Reason("consent", "The person's consent does not cover this partner."),
        lambda partner, wanted: not wanted.consent.allows(partner.id),
    ),
)
_SENTENCES = {
    "local": "Works in this county: {points} points.",
    "language": "Speaks {0}: {points} points.",
    "free_capacity": "{0} of {1} places free, open offers counted: {points} points.",
    "response": "Accepted {0} % of recent offers: {points} points.",
    "open_now": "A person answers there now: {points} points.",
}


def exclusion(partner: Partner, wanted: MatchRequest) -> Reason | None:
    """Return the first hard rule that forbids asking a partner, or None; its load is not among them."""
    return next((reason for reason, breaks in _RULES if breaks(partner, wanted)), None)


def _points(partner: Partner, load: Load, response: float | None, wanted: MatchRequest, weights: Weights) -> Iterator[Point]:
    if not partner.national:
        yield Point("local", weights.local)
    common = [language for language in wanted.languages if language in partner.languages]
    if common:
        yield Point("language", weights.language, (", ".join(common),))
    free = max(0, partner.capacity - load.accepted - load.asked)
    yield Point("free_capacity", round(weights.free_capacity * free / partner.capacity), (free, partner.capacity))
    if response is not None:
        yield Point("response", round(weights.response * response), (round(100 * response),))
    if partner.is_there(wanted.now):
        yield Point("open_now", weights.open_now)
