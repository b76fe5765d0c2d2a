"""The acts of a report, as later words add to them: each keeps its own perpetrators and state."""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain.draft import Violation


def with_acts(old: tuple[Violation, ...], new: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """Acts reported later beside those known: each takes the place of the act that it reports again, or stands by itself."""
    acts, reported_again = list(old), set[int]()
    for act in new:
        at = _same_act(acts[: len(old)], reported_again, act)
        if at is None:
            acts.append(act)
        else:
            reported_again.add(at)
            acts[at] = _with_perpetrators_of(acts[at], act)
    return tuple(acts)


def _same_act(known: list[Violation], reported_again: set[int], act: Violation) -> int | None:
    """Where the act stands that is reported again: the one by the same perpetrators, else the only one if either names none."""
    alike = [
        at for at, each in enumerate(known)
        if at not in reported_again and (each.type, each.against) == (act.type, act.against)
    ]  # fmt: skip
    same = [at for at in alike if set(known[at].perpetrators) == set(act.perpetrators)]
    if same:
        return same[0]
    open_ones = alike if not act.perpetrators else [at for at in alike if not known[at].perpetrators]
    return open_ones[0] if len(open_ones) == 1 else None


def _with_perpetrators_of(known: Violation, act: Violation) -> Violation:
    if act.perpetrators:
        return act
    return replace(act, perpetrators=known.perpetrators, involvements=known.involvements)


def new_acts(before: tuple[Violation, ...], after: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """The acts that nobody knew of, and those that go on although they were over."""
    gone_on = (act for known, act in zip(before, after, strict=False) if act.ongoing and not known.ongoing)
    return (*gone_on, *after[len(before):])
