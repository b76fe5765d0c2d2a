"""Decide which decisions about candidates need two operators: those that cost protection, or that extend a consent.

Otherwise one operator could lift a restriction by a separation, and give a consent in a person's name by a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ngao.kernel.consent import Statement
from services.registry.candidates.finding import candidate_of, demand_unchanged, record_of, suggested_record
from services.registry.context import Context
from services.registry.people.finding import known_person, probable_people_of, records_below, root_of, who_may_be
from services.registry.people.model import Defender, Person
from services.registry.people.resolution import Candidate, Verdict

Records = tuple[Defender, ...]
Limit = tuple[str, str] | Statement
"""A restriction, or a withdrawal."""


def separation_loosens(ctx: Context, case_ref: str, *, seen: str = "") -> bool:
    """Return True if keeping the case's person apart costs a person protection. Raises NotFound, NotAllowedNow."""
    demand_unchanged(candidate_of(ctx, case_ref), seen)
    return _sides(ctx, case_ref).lose(after=()) or _costs_protection(ctx, candidate_of(ctx, case_ref), None)


def link_loosens(ctx: Context, case_ref: str, body: dict[str, Any], *, seen: str = "") -> bool:
    """Return True if this link costs protection or extends a consent. Raises NotFound, NotAllowedNow."""
    sides, candidate = _sides(ctx, case_ref), candidate_of(ctx, case_ref)
    demand_unchanged(candidate, seen)
    root = root_of(ctx, suggested_record(ctx, candidate, body["defender_ref"]))
    target = records_below(ctx, root)
    if sides.own[0].id in {record.id for record in target}:
        return False
    given, own = _granted(target), _granted(sides.own)
    extends = bool(given - _granted(sides.together) or own - given)
    return extends or sides.lose(after=tuple(target)) or _costs_protection(ctx, candidate, root)


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

        Until a decision, restrictions of the own records and of each probable person hold for both. That another undecided
        candidate keeps one of them counts for nothing here: it may be decided next.
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


def _costs_protection(ctx: Context, candidate: Candidate, target: Defender | None) -> bool:
    """Return True if a record has less protection with that of the candidate's case linked to the target, or to none.

    Asked are those for which restrictions of either side hold now: of both persons, and of all who may be one of them. What
    another undecided candidate adds to the own records is lost for the others when they are parted.
    """
    record = record_of(ctx, candidate.defender_ref)
    sides = [known_person(ctx, each.id) for each in (record, *([target] if target else ()))]
    people = [person for side in sides for person in (side, *who_may_be(ctx, side))]
    refs = {each.id for person in people for each in person.records}
    before = _protection(ctx, refs)
    with _decided(candidate, record, target):
        after = _protection(ctx, refs)
    return any(before[ref] - after[ref] for ref in refs)


@contextmanager
def _decided(candidate: Candidate, record: Defender, target: Defender | None) -> Iterator[None]:
    """Let the decision count meanwhile. Nothing is written."""
    verdict, linked_to = candidate.verdict, record.linked_to
    candidate.verdict = Verdict.LINKED if target else Verdict.SEPARATE
    record.linked_to = target.id if target else None
    try:
        yield
    finally:
        candidate.verdict, record.linked_to = verdict, linked_to


def _protection(ctx: Context, refs: Iterable[str]) -> dict[str, set[Limit]]:
    """Return what protects the person of each record: their own limits, and the restrictions of all whom they may be."""
    found: dict[str, set[Limit]] = {}
    people = {person.ref: person for person in (known_person(ctx, ref) for ref in refs)}.values()
    ctx.candidates.undecided_about(record for person in people for record in person.records)  # with one query for all
    for person in people:
        probable = _restricted(record for each in who_may_be(ctx, person) for record in each.records)
        found |= dict.fromkeys((record.id for record in person.records), _limits(person.records) | probable)
    return found


def _limits(records: Iterable[Defender]) -> set[Limit]:
    """Return the restrictions and withdrawals that keep partners from a person."""
    records = tuple(records)
    return {*_restricted(records), *(statement for record in records for statement in record.statements if not statement.granted)}


def _restricted(records: Iterable[Defender]) -> set[Limit]:
    return {(restriction.kind, restriction.partner_id) for record in records for restriction in record.restrictions}


def _granted(records: Iterable[Defender]) -> set[Statement]:
    return {statement for record in records for statement in record.statements if statement.granted}
