"""Retention: erase a report's facts after their retention period, and a person when no case needs them.

A person is erased in two steps. First no search by name, phone or e-mail finds the record any more. An hour later it is removed
with the references that sources have, and its key is destroyed, unless a report has used it: one that was just being resolved, or
that named such a reference. Then the first step is undone.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import SELDOM_S
from services.registry.cases.model import Case, CaseState
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import cases_of, person_of
from services.registry.people.model import Defender, Person

_AT_ONCE = 100

FADES_FOR = timedelta(hours=1)


@every(seconds=3600)
def erase_due(parts: RegistryParts) -> None:
    """Erase what is past its time, with the keys that are no longer needed, batch after batch."""
    for batch in (erase_cases, erase_people, end_candidates):
        while parts.run(partial(batch, limit=_AT_ONCE)):
            continue


@measures(seconds=SELDOM_S)
def measure_retention(parts: RegistryParts) -> None:
    """Export the number of records past retention."""
    ctx = parts.read()
    late, longest = ctx.cases.overdue(**parts.policy.retention.ends("cases", ctx.now))
    parts.metrics.overdue("retention", late, longest.total_seconds())


def erase_cases(ctx: Context, limit: int) -> int:
    """Erase up to `limit` cases that are due, with the keys of those that have no person. Returns how many.

    Partners keep the contacts that they have: only a statement of a source or an operator recalls one (`disclosure/disclose.py`).
    """
    rules = ctx.policy.retention
    ends = rules.ends("cases", ctx.now)
    due = ctx.cases.due(**ends, limit=limit)
    for case in due:
        why = "withdrawn" if case.withdrawn_at and case.withdrawn_at <= ends["withdrawn"] else "received"
        case.erase()
        ctx.cases.save(case)
        if case.defender_ref is None:
            ctx.cases.destroy_key(case.id)
        detail = {"why": why, "policy_version": rules.version}
        ctx.audit("case.forgotten", subject=case.id, detail=detail)
    for person in _people_of(ctx, due):
        if not _is_needed(ctx, person):
            _let_fade(ctx, person)
    return len(due)


def erase_people(ctx: Context, limit: int) -> int:
    """Remove the records whose hour has passed, and destroy their keys. Returns how many were checked."""
    faded = ctx.defenders.pending_erasure(ctx.now - FADES_FOR, limit)
    for record in faded:
        person = person_of(ctx, record.id) or Person((record,))
        if _is_needed(ctx, person):
            keep_after_all(ctx, record)
        else:
            ctx.addresses.remove(record.id)
            _end_candidates(ctx, record.id)
            ctx.defenders.remove(record)
            ctx.defenders.destroy_key(record.id)
            ctx.audit("defender.forgotten", subject=record.id)
    return len(faded)


def end_candidates(ctx: Context, limit: int) -> int:
    """Remove candidates whose record an earlier version has erased without them. Returns how many of the oldest were such."""
    dead = [each for each in ctx.candidates.open(limit) if ctx.defenders.get(each.defender_ref) is None]
    for candidate in dead:
        ctx.candidates.remove(candidate)
    return len(dead)


def _is_needed(ctx: Context, person: Person) -> bool:
    return any(case.state is not CaseState.ERASED for case in cases_of(ctx, person))


def _people_of(ctx: Context, cases: list[Case]) -> list[Person]:
    found = [person_of(ctx, case.defender_ref) for case in cases]
    return list({person.ref: person for person in found if person}.values())


def _let_fade(ctx: Context, person: Person) -> None:
    for record in person.records:
        record.fading_since = ctx.now
        ctx.addresses.hide(record.id)
        ctx.defenders.save(record)


def _end_candidates(ctx: Context, ref: str) -> None:
    """Leave nothing for a human to decide about a record that is gone: it would be listed before what can be decided."""
    for candidate in ctx.candidates.about(ref):
        ctx.candidates.remove(candidate)
    for candidate in ctx.candidates.suggesting([ref]):
        candidate.suggestions = tuple(each for each in candidate.suggestions if each.defender_ref != ref)
        if candidate.suggestions:
            ctx.candidates.save(candidate)
        else:
            ctx.candidates.remove(candidate)


def keep_after_all(ctx: Context, record: Defender) -> None:
    """Undo the first step. Who uses a fading record does it, so that an erasure at the same moment conflicts."""
    record.fading_since = None
    ctx.addresses.add(record.id, record.identity)
    ctx.defenders.save(record)
