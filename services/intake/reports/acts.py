"""The acts of a report, and how updates add to them: each keeps its own perpetrators, date and state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.reports.draft import Violation
from services.intake.triage.model import slack_of

_ONE_ACT = timedelta(days=1)
"""Dates of one act that are no further apart than this may differ because they were reported twice."""


@dataclass(frozen=True)
class Dating:
    """What the dates of later acts are held against: the date of the report.

    `undated_from` is the moment of a new act without a date; None: the date of the report is its date too.
    `apart` is true if another date makes another act, false if it corrects the one known.
    """

    occurred_at: datetime
    precision: str
    undated_from: datetime | None
    apart: bool


def with_acts(old: tuple[Violation, ...], new: tuple[Violation, ...], dating: Dating) -> tuple[Violation, ...]:
    """Add acts that were reported later: each replaces the act that it reports again, or is an act of its own."""
    acts, reported_again = list(old), set[int]()
    for act in new:
        at = _same_act(acts[: len(old)], reported_again, act, dating)
        if at is None:
            acts.append(_counted(act, dating))
        else:
            reported_again.add(at)
            acts[at] = _merged(acts[at], act)
    return tuple(acts)


def new_acts(before: tuple[Violation, ...], after: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """Return the acts that were unknown, and those that continue although they were over."""
    continuing = (act for known, act in zip(before, after, strict=False) if act.ongoing and not known.ongoing)
    return (*continuing, *after[len(before) :])


def _same_act(known: list[Violation], reported_again: set[int], act: Violation, dating: Dating) -> int | None:
    """Return the index of the act that is reported again: by the same perpetrators, else the only one if either names none."""
    alike = [
        at
        for at, other in enumerate(known)
        if at not in reported_again and (other.type, other.against) == (act.type, act.against) and not _apart(other, act, dating)
    ]
    same = [at for at in alike if set(known[at].perpetrators) == set(act.perpetrators)]
    if same:
        return same[0]
    unnamed = alike if not act.perpetrators else [at for at in alike if not known[at].perpetrators]
    return unnamed[0] if len(unnamed) == 1 else None


def _apart(known: Violation, act: Violation, dating: Dating) -> bool:
    """Return True if two acts happened at times too far from each other to be one."""
    if act.occurred_at is None or not dating.apart:
        return False
    moment, precision = known.occurred_at or known.counts_from, known.occurred_precision
    if moment is None:
        moment, precision = dating.occurred_at, dating.precision
    return abs(act.occurred_at - moment) > _ONE_ACT + slack_of(precision) + slack_of(act.occurred_precision)


def _counted(act: Violation, dating: Dating) -> Violation:
    """Return a new act: a state that was not stated means that it is over."""
    counts_from = act.counts_from if act.occurred_at else dating.undated_from
    return replace(act, ongoing=bool(act.ongoing), counts_from=counts_from)


def _merged(known: Violation, act: Violation) -> Violation:
    """Return the later statement of an act; what it leaves out stays as known."""
    by, dated = act if act.perpetrators else known, act if _has_other_date(act, known) else known
    return replace(
        act,
        ongoing=known.ongoing if act.ongoing is None else act.ongoing,
        perpetrators=by.perpetrators,
        involvements=by.involvements,
        occurred_at=dated.occurred_at,
        occurred_precision=dated.occurred_precision,
        counts_from=dated.counts_from,
    )


def _has_other_date(act: Violation, known: Violation) -> bool:
    stated = (act.occurred_at, act.occurred_precision)
    return act.occurred_at is not None and stated != (known.occurred_at, known.occurred_precision)
