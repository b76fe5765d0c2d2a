"""The facts about a case from other services, as far as referral needs them. No fact names a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Reason:
    """Why a rule decided as it did: its name, and a sentence for a human."""

    rule: str
    text: str


@dataclass(frozen=True)
class Report:
    """From intake. `sequence` orders intake's events about the case; `complete` is false until the first one is in.

    An update carries no languages, may carry another county, and may overtake the report that it updates. `proposed` are those
    of `needs` that no person asked for.
    """

    report_id: str
    urgency: str
    needs: tuple[str, ...]
    sequence: int
    county: str = ""
    languages: tuple[str, ...] = ()
    received_at: datetime | None = None
    proposed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Return True if the report itself has arrived, not only an update of it."""
        return self.received_at is not None

    def merged(self, other: Report) -> Report:
        """Merge two states of one report: the later urgency and county, all needs ever named, languages from the complete one."""
        newer, older = (other, self) if other.sequence >= self.sequence else (self, other)
        whole = older if older.complete else newer
        return replace(
            newer,
            needs=tuple(dict.fromkeys(older.needs + newer.needs)),
            county=newer.county or older.county,
            languages=whole.languages,
            received_at=whole.received_at,
        )


@dataclass(frozen=True)
class Changed:
    """The new parts of an update, as intake names them: `parts`, and the needs that new violations ask for, maybe again."""

    parts: frozenset[str] = frozenset()
    needs_again: tuple[str, ...] = ()


NOTHING = Changed()


@dataclass(frozen=True)
class Defender:
    """From the registry: who it is (by reference) and which partners must never get this case."""

    defender_ref: str | None
    resolution: str
    never_refer: frozenset[str]
    sequence: int
