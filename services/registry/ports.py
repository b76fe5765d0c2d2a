"""What the use cases need from the world, and nothing more.

Repositories belong to one unit of work and hand out one object for each record: what a use case has changed, it reads
back changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ngao.chassis.security.vouches import Distrust, Recipient
from ngao.kernel.actors import Actor
from ngao.kernel.consent import Statement
from services.registry.cases.model import Case
from services.registry.disclosure.model import Disclosure
from services.registry.people.identity import Identity
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate
from services.registry.people.view import CaseView
from services.registry.rules import IdentityPolicy

INTAKE, REGISTRY = Actor.service("intake"), Actor.service("registry")
"""Who acts where nobody asked: intake by what it published, or this service itself."""


class Defenders(Protocol):
    """Records of persons."""

    def get(self, ref: str) -> Defender | None:
        """One record, or None."""
        ...

    def linked_to(self, ref: str) -> list[Defender]:
        """Records that a human linked to this one."""
        ...

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        """References that have a phone or e-mail of this identity, with what they share (`phone`, `email`)."""
        ...

    def named_like(self, identity: Identity) -> list[str]:
        """References with a name that could be a respelling of one of these; bounded."""
        ...

    def save(self, defender: Defender) -> None:
        """Register a new or changed record, with the keyed hashes of its names."""
        ...

    def claim(self, ref: str, identity: Identity) -> None:
        """Register keyed hashes of phones and e-mails, one record each: two who claim the same new one are a Conflict."""
        ...

    def release(self, ref: str) -> None:
        """Register the end of the keyed hashes of a record's phones and e-mails."""
        ...

    def name_for_source(self, ref: str, source_id: str) -> str:
        """The pairwise reference of a record and a source, always the same; registered, so that it is found again."""
        ...

    def named_by_source(self, source_id: str, given: str) -> str | None:
        """The record for which this source was given this reference; None for any other."""
        ...

    def fading(self, before: datetime, limit: int) -> list[Defender]:
        """Records that have been fading since before this time."""
        ...

    def remove(self, defender: Defender) -> None:
        """Register the end of a record."""
        ...


class Cases(Protocol):
    """Cases as the registry sees them."""

    def get(self, case_ref: str) -> Case | None:
        """One case, or None."""
        ...

    def of(self, refs: Iterable[str]) -> list[Case]:
        """All cases of these records, oldest first."""
        ...

    def due(self, *, received: datetime, withdrawn: datetime, limit: int) -> list[Case]:
        """Cases whose facts are still kept, and that came or were taken back no later than this."""
        ...

    def unabsorbed(self, limit: int) -> list[Case]:
        """Cases whose person's record has not yet taken over what they told, oldest first."""
        ...

    def save(self, case: Case) -> None:
        """Register a new or changed case."""
        ...


class Candidates(Protocol):
    """Probable matches that wait for a human."""

    def get(self, case_ref: str) -> Candidate | None:
        """One, or None."""
        ...

    def open(self, limit: int) -> list[Candidate]:
        """The undecided ones, oldest first."""
        ...

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Undecided ones for which one of these records is suggested."""
        ...

    def save(self, candidate: Candidate) -> None:
        """Register a new or changed one."""
        ...


class Disclosures(Protocol):
    """What was done about accepted offers."""

    def get(self, offer_id: str) -> Disclosure | None:
        """What was done about one offer, or None."""
        ...

    def of(self, case_ref: str) -> list[Disclosure]:
        """All of one case."""
        ...

    def save(self, disclosure: Disclosure) -> None:
        """Register it; a second one for the same offer makes the commit a Conflict."""
        ...


class Keys(Protocol):
    """The data keys of persons and of anonymous cases."""

    def destroy_person(self, ref: str) -> None:
        """Register the end of all that is sealed about a person's record."""
        ...

    def destroy_case(self, case_ref: str) -> None:
        """Register the end of all that is sealed about a case without a person."""
        ...


class Boxes(Protocol):
    """Sealed boxes: opening what intake sealed to the registry, sealing to a partner."""

    def open(self, key_id: str, box: str) -> bytes:
        """The content; raises SealBroken."""
        ...

    def seal_to(self, public_key: str, content: bytes) -> str:
        """A box that only the holder of the partner's private key opens; raises InvalidInput for a broken key."""
        ...


class Recipients(Protocol):
    """Whose keys may be believed, and which were sealed to before."""

    def judge(self, vouch: str | None, recipient_id: str) -> Recipient | Distrust:
        """The partner's keys as operators have vouched for them, or why none are believed."""
        ...

    def pin(self, recipient_id: str, recipient: Recipient) -> None:
        """Register that this was sealed to: other keys need more from now on."""
        ...


class Reading(Protocol):
    """How values are made comparable."""

    def names(self, told: tuple[str, ...]) -> tuple[str, ...]:
        """The names that are somebody's."""
        ...

    def phones(self, raw: str) -> tuple[str, ...]:
        """The phone numbers that one text holds, in E.164 where they can be read so, else as they came."""
        ...

    def similarity(self, one: str, other: str) -> float:
        """How alike two names are, 0 to 1, whatever the order of their words."""
        ...

    def new_reference(self) -> str:
        """A fresh, unguessable defender reference."""
        ...


class Voice(Protocol):
    """What the registry says."""

    def resolved(self, view: CaseView) -> None:
        """`registry.defender.resolved`."""
        ...

    def consent_changed(self, case: Case, defender_ref: str | None, statement: Statement) -> None:
        """`registry.consent.changed`."""
        ...

    def contact_disclosed(
        self, case: Case, disclosure: Disclosure, key_id: str, box: str, *, supersedes: bool = False
    ) -> None:
        """`registry.contact.disclosed`, to one partner; `supersedes` replaces what the partner has."""
        ...

    def contact_withheld(self, case: Case, disclosure: Disclosure, *, recalled: bool = False) -> None:
        """`registry.contact.withheld`, to one partner; `recalled` forbids it to use what it has."""
        ...


class Audit(Protocol):
    """The hash-chained record of who did what; codes and references only."""

    def record(self, action: str, *, subject: str, actor: Actor, detail: Mapping[str, str] | None = None) -> None:
        """Register an entry; it exists if and only if what it tells of does."""
        ...


@dataclass(frozen=True)
class Ports:
    """Everything a use case works with, bound to one unit of work."""

    now: datetime
    policy: IdentityPolicy
    defenders: Defenders
    cases: Cases
    candidates: Candidates
    disclosures: Disclosures
    keys: Keys
    boxes: Boxes
    recipients: Recipients
    reading: Reading
    voice: Voice
    audit: Audit
