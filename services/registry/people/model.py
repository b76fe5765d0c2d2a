"""A defender: who they are, what holds for all their cases, and whose other record they turned out to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ngao.kernel.consent import Statement, remaining
from services.registry.people.identity import Identity

NEVER_REFER = "never_refer"


@dataclass(frozen=True)
class Restriction:
    """A standing rule of the person about one partner, with a coded reason; it outlives every case."""

    partner_id: str
    reason: str
    since: datetime
    kind: str = NEVER_REFER


@dataclass
class Defender:
    """One person's record.

    `linked_to` points to the record of the same person found later by a human. Nothing is merged, so the link can be
    taken back and both histories are whole. `fading_since` is set while retention is about to remove the record: new
    reports do not find it any more, and after a while, if none has used it all the same, it is gone.
    """

    id: str
    identity: Identity
    created_at: datetime
    restrictions: tuple[Restriction, ...] = ()
    statements: tuple[Statement, ...] = ()
    linked_to: str | None = None
    fading_since: datetime | None = None
    revision: int = field(default=0, compare=False)

    def learn(self, told: Identity) -> bool:
        """Add what a new report tells; says whether anything was new."""
        merged = self.identity.merged_with(told)
        changed = merged != self.identity
        self.identity = merged
        return changed

    def restrict(self, restriction: Restriction) -> bool:
        """Add a restriction; one that already stands is kept as it is, and the answer is False."""
        if self.is_restricted(restriction.partner_id):
            return False
        self.restrictions = (*self.restrictions, restriction)
        return True

    def lift(self, partner_id: str) -> bool:
        """Take a restriction back; False when there was none."""
        left = tuple(each for each in self.restrictions if each.partner_id != partner_id)
        changed = left != self.restrictions
        self.restrictions = left
        return changed

    def is_restricted(self, partner_id: str) -> bool:
        """Whether the person must never be referred to this partner."""
        return any(each.partner_id == partner_id for each in self.restrictions)

    def say(self, statement: Statement) -> None:
        """Note a consent or a withdrawal that holds for all cases."""
        self.statements = (*self.statements, statement)


@dataclass(frozen=True)
class Person:
    """One person as all their linked records tell it; the first record is the one others know by reference."""

    records: tuple[Defender, ...]

    @property
    def ref(self) -> str:
        """The reference that travels."""
        return self.records[0].id

    @property
    def identity(self) -> Identity:
        """Everything known from every record."""
        whole = Identity()
        for record in self.records:
            whole = whole.merged_with(record.identity)
        return whole

    @property
    def restrictions(self) -> tuple[Restriction, ...]:
        """Restrictions of every record: one said to either holds for both."""
        return together(record.restrictions for record in self.records)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Standing consents and withdrawals of every record."""
        return tuple(statement for record in self.records for statement in record.statements)

    def statements_for_others(self, now: datetime) -> tuple[Statement, ...]:
        """What the person has said for all cases, as others must hear it to judge as the registry does.

        All withdrawals, because one that names a partner holds for later consents too; and of consents what is left, so that a
        new case does not look like one whose consent was taken back.
        """
        said = sorted(self.statements, key=lambda statement: statement.at)
        told = (remaining(each, said) if each.granted else each for each in said)
        return tuple(each for each in told if each and (each.until is None or each.until > now))

    @property
    def said(self) -> tuple[str, ...]:
        """A short form of what others are told about the person, to see whether it has changed since."""
        restricted = sorted(f"{each.kind}:{each.partner_id}" for each in self.restrictions)
        return (self.ref, str(len(self.statements)), *restricted)


def together(groups: Iterable[tuple[Restriction, ...]]) -> tuple[Restriction, ...]:
    """Restrictions of several records, one for each partner."""
    found: dict[tuple[str, str], Restriction] = {}
    for group in groups:
        for each in group:
            found.setdefault((each.kind, each.partner_id), each)
    return tuple(found.values())
