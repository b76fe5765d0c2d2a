"""Networks with their hubs, and the memberships of one person: what she agreed to decides what a convenor sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

KEPT_FOR = "networks"
"""Why a person is kept who is invited to a network or is a member of one."""
AGREED_HOW = ("in_person", "by_phone", "in_writing", "through_trusted_contact")


class Of(StrEnum):
    """Where a role in a network belongs."""

    HUB = "hub"
    NETWORK = "network"


@dataclass(frozen=True)
class Named:
    """A code of policy with its label by language."""

    label: Mapping[str, str]


@dataclass(frozen=True)
class NetworkRole(Named):
    """What a person may be in a network, and whether she is it in one hub or in the whole network."""

    of: Of


@dataclass(frozen=True)
class Hub(Named):
    """A hub and its counties."""

    counties: tuple[str, ...]

    def is_reached_by(self, counties: Collection[str] | None) -> bool:
        """Return True for a reader of every county (None), and for one who has all counties of this hub."""
        return counties is None or set(self.counties) <= set(counties)


@dataclass(frozen=True)
class Network(Named):
    """A network: its roles and hubs by code."""

    roles: Mapping[str, NetworkRole]
    hubs: Mapping[str, Hub]


class State(StrEnum):
    """How far a membership has come."""

    INVITED = "invited"
    MEMBER = "member"
    LEFT = "left"


SEEN = "seen"
"""The standing of a member whom the convenors of her hub may see."""


@dataclass(frozen=True)
class Agreed:
    """What a member has agreed to; without her word, nothing.

    `seen_by_convenor`: the convenors of her hub see that she is a member. `told_of_cases`: they see which open cases are hers.
    `contact`: they may contact her.
    """

    seen_by_convenor: bool = False
    told_of_cases: bool = False
    contact: bool = False


@dataclass(frozen=True)
class Membership:
    """One membership. `hub` is empty for a role in the whole network, `since` is the day from which she is a member."""

    id: str
    network: str
    hub: str
    role: str
    state: State = State.INVITED
    since: date | None = None
    left: date | None = None
    agreed: Agreed = Agreed()
    how: str = ""

    @property
    def is_current(self) -> bool:
        """Return True for a member, and for one who is invited."""
        return self.state is not State.LEFT

    @property
    def is_seen(self) -> bool:
        """Return True if the convenors of the hub may know of it."""
        return self.state is State.MEMBER and self.agreed.seen_by_convenor

    def invited_again(self, role: str) -> Membership:
        """Return the membership of a person who has left and is asked again: what she agreed to then no longer counts."""
        return Membership(self.id, self.network, self.hub, role)

    def agreeing(self, agreed: Agreed, how: str, since: date) -> Membership:
        """Return the membership as the person accepts it, or changes what she agreed to."""
        return replace(self, state=State.MEMBER, since=self.since or since, agreed=agreed, how=how)

    def ended(self, day: date) -> Membership:
        """Return the membership of a person who leaves: nothing she agreed to counts any more."""
        return replace(self, state=State.LEFT, left=day, agreed=Agreed())

    @property
    def standings(self) -> tuple[str, ...]:
        """Return under which standings of its hub it is found."""
        if not self.is_current:
            return ()
        return (str(self.state), SEEN) if self.is_seen else (str(self.state),)


@dataclass
class MembershipRecord:
    """All memberships of the person of one record (the id is its reference), those that have ended included."""

    id: str
    memberships: tuple[Membership, ...] = field(default=(), repr=False)
    revision: int = field(default=0, compare=False)

    def put(self, membership: Membership) -> None:
        """Store a membership in place of the one with its id."""
        self.memberships = (*(each for each in self.memberships if each.id != membership.id), membership)

    @property
    def has_current(self) -> bool:
        """Return True if any of them has not ended."""
        return any(each.is_current for each in self.memberships)


def place_of(network: str, hub: str, standing: str) -> str:
    """Return what the record of a membership is found by: its hub and the standing there."""
    return f"{network}/{hub}/{standing}"


def places_of(memberships: Collection[Membership]) -> list[str]:
    """Return all by which the record of these memberships is found."""
    return sorted({place_of(each.network, each.hub, standing) for each in memberships for standing in each.standings})
