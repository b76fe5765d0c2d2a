"""Actors: the one form in which the audit, approvals and the log of a case name who acted.

An actor is written `kind:id`, such as `operator:amina` or `service:registry`. Entries of earlier versions are in chains and
stay as they are; `read` returns the current form where theirs leaves no doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_WRITTEN = re.compile(r"(?P<kind>[a-z]+):(?P<id>[a-z][a-z0-9-]{0,63})")
_WITH_A_HYPHEN = re.compile(r"(?P<kind>operator|partner|source)-(?P<id>[a-z][a-z0-9-]{0,63})")
_BY_ITSELF = frozenset({"retention"})


class ActorKind(StrEnum):
    """The kind of an actor: `system` is a rule or a command of the platform without an account."""

    OPERATOR = "operator"
    SOURCE = "source"
    PARTNER = "partner"
    SERVICE = "service"
    SYSTEM = "system"


OUTSIDERS = frozenset({ActorKind.SOURCE.value, ActorKind.PARTNER.value})
"""The kinds of those who are not of the platform, and have accounts there."""


@dataclass(frozen=True)
class Actor:
    """One who acts. Raises ValueError for an id that could not be read again."""

    kind: ActorKind
    id: str

    def __post_init__(self) -> None:
        """Refuse an id that accounts and services cannot have."""
        if not _WRITTEN.fullmatch(str(self)):
            raise ValueError("the id of an actor has lower-case letters, digits and hyphens, a letter first")

    def __str__(self) -> str:
        """Return the written form."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def operator(cls, operator_id: str) -> Actor:
        """Return a person with an operator's key."""
        return cls(ActorKind.OPERATOR, operator_id)

    @classmethod
    def source(cls, source_id: str) -> Actor:
        """Return a system that posts reports."""
        return cls(ActorKind.SOURCE, source_id)

    @classmethod
    def partner(cls, partner_id: str) -> Actor:
        """Return an organisation that is offered cases."""
        return cls(ActorKind.PARTNER, partner_id)

    @classmethod
    def service(cls, name: str) -> Actor:
        """Return one of the platform's services."""
        return cls(ActorKind.SERVICE, name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """Return a rule or a command of the platform."""
        return cls(ActorKind.SYSTEM, name)

    @classmethod
    def parse(cls, written: str) -> Actor:
        """Return the actor that `str` has written. Raises ValueError."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise ValueError("an actor is written kind:id")
        return cls(ActorKind(found["kind"]), found["id"])


def read(stored: str, services: frozenset[str] = frozenset()) -> str:
    """Return a stored actor in the current form. A bare id may be an operator's or anything else's, and is shown as it is.

    `services` are the names that the version before wrote bare where no account could be meant.
    """
    if found := _WITH_A_HYPHEN.fullmatch(stored):
        return f"{found['kind']}:{found['id']}"
    if stored in services:
        return str(Actor.service(stored))
    return str(Actor.system(stored)) if stored in _BY_ITSELF else stored
