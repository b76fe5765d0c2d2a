"""Decide what the page of the audit says of each service's chains, and of the entries that a search has found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_PEOPLE = "operator"


@dataclass(frozen=True)
class Trail:
    """One service's audit: its entries so far, who holds its heads, and who says that what it published contradicts these.

    `entries` is None for a service that did not answer.
    """

    service: str
    entries: int | None = None
    held_by: tuple[str, ...] = ()
    moved_by: tuple[str, ...] = ()
    heads: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The heads that the others hold, each as `verify` takes it."""


def trails_of(
    heads: Mapping[str, Iterable[Mapping[str, Any]] | None], held: Mapping[str, Iterable[Mapping[str, Any]]]
) -> list[Trail]:
    """Return each service's trail from its own heads and from what each service holds of the others, the doubtful ones first."""
    found = [_trail(service, own, held) for service, own in heads.items()]
    return sorted(found, key=lambda trail: (not trail.moved_by, trail.entries is not None))


def _trail(service: str, own: Iterable[Mapping[str, Any]] | None, held: Mapping[str, Iterable[Mapping[str, Any]]]) -> Trail:
    of_it = [(holder, head) for holder, listed in held.items() for head in listed if head["of"] == service]
    return Trail(
        service,
        entries=None if own is None else sum(int(head["n"]) for head in own),
        held_by=tuple(sorted({holder for holder, _ in of_it})),
        moved_by=tuple(sorted({holder for holder, head in of_it if head.get("moved")})),
        heads=tuple({name: head[name] for name in ("chain", "n", "hash")} for _, head in of_it),
    )


@dataclass(frozen=True)
class Entry:
    """One entry as it is shown; `detail` are its codes, by name."""

    at: str
    service: str
    actor: str
    action: str
    subject: str
    detail: tuple[tuple[str, str], ...] = ()


def entries_of(found: Mapping[str, Iterable[Mapping[str, Any]]], most: int) -> list[Entry]:
    """Return the newest entries of all services together."""
    shown = [
        Entry(each["at"], service, each["actor"], each["action"], each["subject"], tuple(sorted((each["detail"] or {}).items())))
        for service, listed in found.items()
        for each in listed
    ]
    return sorted(shown, key=lambda entry: entry.at, reverse=True)[:most]


def actor_of(typed: str) -> str:
    """Return the actor that a name means: that of a person, unless the kind is named, as in `source:forms`."""
    return typed if not typed or ":" in typed else f"{_PEOPLE}:{typed}"


def period(since: str, until: str, zone: ZoneInfo) -> dict[str, str]:
    """Return the bounds of a search by days: from the beginning of the first to the end of the last. Raises ValueError."""
    bounds = {}
    if since:
        bounds["since"] = _midnight(date.fromisoformat(since), zone)
    if until:
        bounds["until"] = _midnight(date.fromisoformat(until) + timedelta(days=1), zone)
    return bounds


def _midnight(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(), zone).isoformat()
