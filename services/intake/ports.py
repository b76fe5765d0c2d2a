"""What the use cases need from the world, and the desk on which it lies before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ngao.chassis.security.vouches import Distrust, Recipient
from ngao.kernel.actors import Actor
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.retention import Retention
from ngao.kernel.vocabulary import Vocabulary
from services.intake.dry_runs.model import Asked
from services.intake.reports.model import Change, Helper, Report, SealedIdentity
from services.intake.sources.model import Source
from services.intake.triage.model import History, TriagePolicy

INTAKE = Actor.service("intake")
"""Who acts where nobody asked: the service itself, on time or on an event."""


class Reports(Protocol):
    """The reports of this platform."""

    def find(self, report_id: str) -> Report | None:
        """The report with this id."""
        ...

    def by_case(self, case_ref: str) -> Report | None:
        """The report that opened this case."""
        ...

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        """The report a source posted under its own id."""
        ...

    def earlier(self, person_keys: Sequence[str], since: datetime, *, source_id: str, but: str = "") -> History:
        """Reports since then, not withdrawn, that share a key with a person, and which of them are this source's.

        `but` is the id of one to leave out.
        """
        ...

    def open_about(self, person_keys: Sequence[str], limit: int, *, but: str) -> Sequence[str]:
        """Ids of reports that share a key with a person and can still become more urgent, the latest first.

        Neither withdrawn nor closed ones; `but` is the id of one to leave out.
        """
        ...

    def due(self, ends: Mapping[str, datetime], limit: int) -> Sequence[tuple[str, str]]:
        """Ids of reports past one of these moments and not forgotten, with the moment."""
        ...

    def with_unjudged_others(self, limit: int) -> Sequence[str]:
        """Ids of reports whose news other reports about the person are still to be judged with, the longest due first."""
        ...

    def unopened(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of reports that no case was opened for and that should be told again, the longest due first."""
        ...

    def put(self, report: Report) -> None:
        """Register a new or changed report."""
        ...


class Sources(Protocol):
    """The systems that may post."""

    def find(self, source_id: str) -> Source | None:
        """The source with this id."""
        ...

    def all(self) -> list[Source]:
        """Every source, by id."""
        ...

    def put(self, source: Source) -> None:
        """Register a new or changed source."""
        ...


class DryRuns(Protocol):
    """How many dry runs about somebody each source has asked for."""

    def add(self, source_id: str, now: datetime) -> Asked:
        """Count one more; gives how many it makes."""
        ...


class Vault(Protocol):
    """Seals what intake itself keeps, under the key of the case."""

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:
        """Ciphertext that opens only as this field of this report."""
        ...

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:
        """The plaintext; raises SealBroken."""
        ...

    def destroy(self, report: Report) -> None:
        """Register the end of the key: what was sealed can be opened no more."""
        ...


class Seals(Protocol):
    """Seals what only somebody else may read."""

    def to_registry(self, plaintext: bytes) -> SealedIdentity:
        """A box for the registry's active key."""
        ...

    def to_partner(self, public_key: str, plaintext: bytes) -> str:
        """A box for one partner's key."""
        ...


class Recipients(Protocol):
    """Whose keys may be believed, and which were sealed to before."""

    def judge(self, vouch: str | None, recipient_id: str) -> Recipient | Distrust:
        """The partner's keys as operators have vouched for them, or why none are believed."""
        ...

    def pin(self, recipient_id: str, recipient: Recipient) -> None:
        """Register that this was sealed to: other keys need more from now on."""
        ...


class KeyedHashes(Protocol):
    """Makes values comparable without keeping them."""

    def of(self, kind: str, value: str) -> str:
        """The keyed hash of a normalised value."""
        ...


class Announcer(Protocol):
    """Says what happened, together with the state that made it so."""

    def accepted(self, report: Report) -> None:
        """A report is stored for good."""
        ...

    def updated(self, report: Report, change: Change) -> None:
        """The report is not what it was."""
        ...

    def withdrawn(self, report: Report) -> None:
        """The source took it back."""
        ...

    def again(self, report: Report) -> None:
        """What was said about it is said once more; whoever has heard it knows it by its ids."""
        ...

    def disclosed(self, report: Report, helper: Helper, key_id: str, box: str) -> None:
        """The narrative, sealed to one partner."""
        ...

    def withheld(self, report: Report, helper: Helper, reason: str, *, recalled: bool = False) -> None:
        """The narrative does not go to this partner, and why; `recalled` forbids it to use what it has."""
        ...


class Journal(Protocol):
    """The audit trail."""

    def __call__(self, action: str, *, subject: str, actor: Actor, detail: Mapping[str, str] | None = None) -> None:
        """Enter who did what to which reference; codes only."""
        ...


class Ids(Protocol):
    """Makes references that cannot be guessed."""

    def report_id(self) -> str:
        """A fresh report id."""
        ...

    def case_ref(self) -> str:
        """A fresh case reference."""
        ...


@dataclass(frozen=True)
class Rules:
    """What the coalition decided, as one policy version says it. `region` is where a phone number without a prefix is from."""

    vocabulary: Vocabulary
    triage: TriagePolicy
    retention: Retention
    region: str
    placeholders: Placeholders = field(default_factory=Placeholders)


@dataclass(frozen=True)
class Desk:
    """One use case's surroundings: its moment, its rules and its ports."""

    now: datetime
    rules: Rules
    reports: Reports
    sources: Sources
    vault: Vault
    seals: Seals
    recipients: Recipients
    hashes: KeyedHashes
    announce: Announcer
    journal: Journal
    ids: Ids


def joined(parts: Iterable[bytes]) -> str:
    """The parts of a narrative as one text."""
    return "\n\n".join(part.decode() for part in parts)
