"""Retention: erase a report's facts after their retention period, and a person when no case and no candidate needs them.

A person is erased in two steps. First no search by name, phone or e-mail finds the record any more. An hour later it is removed
with the references that sources have, and its key is destroyed, unless a report has used it: one that was just being resolved, or
that named such a reference. Then the first step is undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import SELDOM_S
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import person_of
from services.registry.people.keeping import FADES_FOR, forget, is_needed, keep_after_all, let_fade_if_not_needed
from services.registry.people.model import Person
from services.registry.people.resolution import Candidate, Verdict

_AT_ONCE = 100


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
    let_fade_if_not_needed(ctx, (case.defender_ref for case in due))
    return len(due)


def erase_people(ctx: Context, limit: int) -> int:
    """Remove the records whose hour has passed, and destroy their keys. Returns how many were checked."""
    faded = ctx.defenders.pending_erasure(ctx.now - FADES_FOR, limit)
    for record in faded:
        person = person_of(ctx, record.id) or Person((record,))
        if is_needed(ctx, person):
            keep_after_all(ctx, record)
        else:
            forget(ctx, record.id)
            ctx.addresses.remove(record.id)
            ctx.defenders.remove(record)
            ctx.defenders.destroy_key(record.id)
            ctx.audit("defender.forgotten", subject=record.id)
            _end(ctx, ctx.candidates.about(record.id))
    return len(faded)


def end_candidates(ctx: Context, limit: int) -> int:
    """Remove candidates whose record an earlier version has erased without them. Returns how many of the oldest were such."""
    dead = [each for each in ctx.candidates.open(limit) if ctx.defenders.get(each.defender_ref) is None]
    _end(ctx, dead)
    return len(dead)


def _end(ctx: Context, candidates: Iterable[Candidate]) -> None:
    """Remove candidates of records that are gone: they would be listed before what can be decided, and keep whom they suggest."""
    for candidate in candidates:
        ctx.candidates.remove(candidate)
        if candidate.verdict is Verdict.OPEN:
            let_fade_if_not_needed(ctx, (suggestion.defender_ref for suggestion in candidate.suggestions))
