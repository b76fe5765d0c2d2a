"""A defender: who they are, what holds for all their cases, and whose other record they turned out to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ngao.kernel.consent import Statement, remaining
from services.registry.people.identity import Identity

NEVER_REFER = "never_refer"
REGISTRATION = "registration"
"""Why a record is kept that an operator has opened without a report."""
_RECORD = "record:"


@dataclass(frozen=True)
class Restriction:
    """A rule of the person about one partner, with a coded reason. It holds for all their cases and ends with the record."""

    partner_id: str
    reason: str
    since: datetime
    kind: str = NEVER_REFER


@dataclass
class Defender:
    """One person's record.

    `linked_to` points to the record of the same person found later by a human. Nothing is merged, so the link can be
    undone and both histories are whole. `fading_since` is set while retention is about to remove the record: new
    reports do not find it any more, and after a while, if none has used it, it is removed. `kept_for` names the features that
    hold something about the person and need the record even if there is no case.
    """

    id: str
    identity: Identity
    created_at: datetime
    restrictions: tuple[Restriction, ...] = ()
    statements: tuple[Statement, ...] = ()
    linked_to: str | None = None
    fading_since: datetime | None = None
    kept_for: tuple[str, ...] = ()
    revision: int = field(default=0, compare=False)

    def add_facts(self, identity: Identity) -> None:
        """Add the identity that a new report states."""
        self.identity = self.identity.merged_with(identity)

    def keep_for(self, why: str) -> None:
        """Record that a feature needs the person."""
        self.kept_for = tuple(sorted({*self.kept_for, why}))

    def release(self, why: str) -> bool:
        """Record that a feature needs the person no more. Returns False when it did not before."""
        was_kept = why in self.kept_for
        self.kept_for = tuple(each for each in self.kept_for if each != why)
        return was_kept

    def restrict(self, restriction: Restriction) -> None:
        """Add a restriction."""
        self.restrictions = (*self.restrictions, restriction)

    def lift(self, partner_id: str) -> bool:
        """Remove a restriction. Returns False when there was none."""
        left = tuple(restriction for restriction in self.restrictions if restriction.partner_id != partner_id)
        changed = left != self.restrictions
        self.restrictions = left
        return changed

    def record_statement(self, statement: Statement) -> None:
        """Record a consent or a withdrawal that holds for all cases."""
        self.statements = (*self.statements, statement)


@dataclass(frozen=True)
class Person:
    """One person with all their linked records, the root record first; others know the person by its reference."""

    records: tuple[Defender, ...]

    @property
    def root(self) -> Defender:
        """Return the record that the others are linked to; what holds for the person is recorded in it."""
        return self.records[0]

    @property
    def ref(self) -> str:
        """Return the reference that other services get."""
        return self.root.id

    @property
    def identity(self) -> Identity:
        """Return the identities of all records together."""
        whole = Identity()
        for record in self.records:
            whole = whole.merged_with(record.identity)
        return whole

    @property
    def restrictions(self) -> tuple[Restriction, ...]:
        """Return the restrictions of every record: one stated for either holds for both."""
        return together(record.restrictions for record in self.records)

    def is_restricted(self, partner_id: str) -> bool:
        """Return True if the person must never be referred to this partner."""
        return any(restriction.partner_id == partner_id for restriction in self.restrictions)

    def is_kept_for(self, why: str) -> bool:
        """Return True if a feature needs any of the person's records."""
        return any(why in record.kept_for for record in self.records)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return the consents and withdrawals of every record that hold for all cases."""
        return tuple(statement for record in self.records for statement in record.statements)

    def statements_for_others(self, now: datetime) -> tuple[Statement, ...]:
        """Return the person's consents for all cases, as others must know them to decide as the registry does.

        All withdrawals, because one that names a partner holds for later consents too; and of consents what is left, so that a
        new case does not look like one whose consent was withdrawn.
        """
        ordered = sorted(self.statements, key=lambda statement: statement.at)
        left = (remaining(stated, ordered) if stated.granted else stated for stated in ordered)
        return tuple(statement for statement in left if statement and (statement.until is None or statement.until > now))

    def published(self, probable: Iterable[Person]) -> tuple[str, ...]:
        """Return a digest of what others know about the person, to see whether it has changed since.

        They know the restrictions of those whom the person may turn out to be (`probable`), too.
        """
        restrictions = together(each.restrictions for each in (self, *probable))
        restricted = sorted(f"{restriction.kind}:{restriction.partner_id}" for restriction in restrictions)
        linked = sorted(f"{_RECORD}{record.id}" for record in self.records[1:])
        return (self.ref, str(len(self.statements)), *linked, *restricted)

    def is_parted_from(self, published: tuple[str, ...]) -> bool:
        """Return True if a record of the person of this digest is another person's now."""
        records = {*published[:1], *(each.removeprefix(_RECORD) for each in published if each.startswith(_RECORD))}
        return not records <= {record.id for record in self.records}


def together(groups: Iterable[tuple[Restriction, ...]]) -> tuple[Restriction, ...]:
    """Return the restrictions of several records, one for each partner."""
    found: dict[tuple[str, str], Restriction] = {}
    for group in groups:
        for restriction in group:
            found.setdefault((restriction.kind, restriction.partner_id), restriction)
    return tuple(found.values())
