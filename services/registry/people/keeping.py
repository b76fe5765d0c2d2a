"""Keep a person's record as long as anything needs it, let it fade when nothing does, and forget all that features hold of it.

A person is needed by a case, by a candidate, or by a feature that holds something about her: each feature keeps her under its own
name and releases her when it holds nothing more. What is not needed fades (`erase.py` has the two steps).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from services.registry.cases.model import CaseState
from services.registry.context import Context
from services.registry.people.finding import cases_of, person_of
from services.registry.people.model import Defender, Person

Forget = Callable[[Context, str], Mapping[str, int]]
F = TypeVar("F", bound=Forget)

FADES_FOR = timedelta(hours=1)
_FORGETTING: list[Forget] = []


def forgets(function: F) -> F:
    """Declare that a function removes all that its feature holds of one record.

    It gets the unit of work and the record's reference, and returns how many records of which collection it removed.
    """
    _FORGETTING.append(function)
    return function


def forget(ctx: Context, ref: str) -> dict[str, int]:
    """Remove what every feature holds of one record. Returns how many records of which collection were removed."""
    removed: Counter[str] = Counter()
    for each in _FORGETTING:
        removed.update(each(ctx, ref))
    return dict(+removed)


def keep_for(ctx: Context, person: Person, why: str) -> None:
    """Keep a person for a feature, whose name `why` is. The record is written: a removal at the same moment conflicts."""
    person.root.keep_for(why)
    for record in person.records:
        if record.fading_since:
            keep_after_all(ctx, record)
    ctx.defenders.save(person.root)


def release(ctx: Context, person: Person, why: str) -> None:
    """End a feature's need of a person. Without any other need the record begins to fade."""
    for record in person.records:
        if record.release(why):
            ctx.defenders.save(record)
    let_fade_if_not_needed(ctx, (person.ref,))


def let_fade_if_not_needed(ctx: Context, refs: Iterable[str | None]) -> None:
    """Take the first step for each person behind these records who lost a case or a candidate, unless another one needs them.

    Whom candidates alone keep is written as well: if the last one ends at this moment, the two conflict.
    """
    found = (person_of(ctx, ref) for ref in dict.fromkeys(refs))
    for person in {person.ref: person for person in found if person}.values():
        if not is_needed(ctx, person):
            _let_fade(ctx, person)
        elif not _has_case(ctx, person):
            ctx.defenders.save(person.root)


def is_needed(ctx: Context, person: Person) -> bool:
    """Return True if a case or a feature needs the person, or they may be that of a case for which their restrictions hold."""
    own = {record.id for record in person.records}
    return (
        any(record.kept_for for record in person.records)
        or _has_case(ctx, person)
        or any(each.defender_ref not in own for each in ctx.candidates.suggesting(own))
    )


def keep_after_all(ctx: Context, record: Defender) -> None:
    """Undo the first step. Who uses a fading record does it, so that an erasure at the same moment conflicts."""
    record.fading_since = None
    ctx.addresses.add(record.id, record.identity)
    ctx.defenders.save(record)


def _has_case(ctx: Context, person: Person) -> bool:
    return any(case.state is not CaseState.ERASED for case in cases_of(ctx, person))


def _let_fade(ctx: Context, person: Person) -> None:
    for record in person.records:
        record.fading_since = ctx.now
        ctx.addresses.hide(record.id)
        ctx.defenders.save(record)
