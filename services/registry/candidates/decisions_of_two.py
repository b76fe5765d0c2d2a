"""Decide which decisions about candidates need two operators: those that cost protection, or that extend a consent.

Otherwise one operator could lift a restriction by a separation, and give a consent in a person's name by a link.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ngao.kernel.consent import Statement
from services.registry.candidates.finding import candidate_of, record_of, suggested_record
from services.registry.context import Context
from services.registry.people.finding import probable_people_of, records_below, root_of
from services.registry.people.model import Defender, Person

Records = tuple[Defender, ...]


def separation_loosens(ctx: Context, case_ref: str) -> bool:
    """Return True if keeping the case's person apart costs a person protection. Raises NotFound."""
    return _sides(ctx, case_ref).lose(after=())


def link_loosens(ctx: Context, case_ref: str, body: dict[str, Any]) -> bool:
    """Return True if this link costs protection or extends a consent. Raises NotFound, NotAllowedNow."""
    sides = _sides(ctx, case_ref)
    target = records_below(ctx, root_of(ctx, suggested_record(ctx, candidate_of(ctx, case_ref), body["defender_ref"])))
    if sides.own[0].id in {record.id for record in target}:
        return False
    given, own = _granted(target), _granted(sides.own)
    return bool(given - _granted(sides.together) or own - given) or sides.lose(after=tuple(target))


@dataclass(frozen=True)
class _Sides:
    """The records that a decision is about, in three groups.

    `own` is the record of the candidate's case, with all that are linked to it. `others` are the further records of the same
    person. `probable` are the persons whom the candidate may turn out to be, each with all records.
    """

    own: Records
    others: Records
    probable: tuple[Person, ...]

    @property
    def together(self) -> Records:
        """Return all records of the person as it is now."""
        return (*self.own, *self.others)

    def lose(self, *, after: Records) -> bool:
        """Return True if either side has less protection when the own records are with these instead.

        Until a decision, restrictions of the own records and of each probable person hold for both.
        """
        then, kept = (*self.own, *after), {record.id for record in after}
        parted = self.others and _limits(self.own) - _limits(self.others)
        probable = _restricted(record for person in self.probable for record in person.records)
        apart = [person for person in self.probable if person.ref not in kept]
        freed = any(_restricted(self.together) - _restricted(person.records) for person in apart)
        return bool(parted or _limits(self.together) - _limits(then) or probable - _restricted(then) or freed)


def _sides(ctx: Context, case_ref: str) -> _Sides:
    candidate = candidate_of(ctx, case_ref)
    record = record_of(ctx, candidate.defender_ref)
    own = records_below(ctx, record)
    known = {other.id for other in own}
    others = (other for other in records_below(ctx, root_of(ctx, record)) if other.id not in known)
    return _Sides(tuple(own), tuple(others), probable_people_of(ctx, candidate))


def _limits(records: Iterable[Defender]) -> set[tuple[str, str] | Statement]:
    """Return the restrictions and withdrawals that keep partners from a person."""
    records = tuple(records)
    return {*_restricted(records), *(statement for record in records for statement in record.statements if not statement.granted)}


def _restricted(records: Iterable[Defender]) -> set[tuple[str, str]]:
    return {(restriction.kind, restriction.partner_id) for record in records for restriction in record.restrictions}


def _granted(records: Iterable[Defender]) -> set[Statement]:
    return {statement for record in records for statement in record.statements if statement.granted}
