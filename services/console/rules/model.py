"""The coalition's rules as the page shows them, and what a check of a changed file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


@dataclass(frozen=True)
class TriageRule:
    """A rule of triage: its sentence, and what it does to the urgency: `at_least` a level, or `points` more."""

    text: str
    at_least: str = ""
    points: int = 0


@dataclass(frozen=True)
class Rules:
    """The rules that the page shows, in the order of their files. Deadlines are seconds, retention is days."""

    thresholds: Mapping[str, int]
    triage: tuple[TriageRule, ...]
    deadlines: Mapping[str, Mapping[str, int]]
    retention: Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True)
class Finding:
    """One sentence about a changed file, and the services that say it."""

    wrong: str
    services: tuple[str, ...]


def findings_of(answers: Mapping[str, Mapping[str, object]]) -> list[Finding]:
    """Return what is wrong with a file, each sentence once."""
    by_sentence: dict[str, list[str]] = {}
    for service, each in answers.items():
        if wrong := each.get("wrong"):
            by_sentence.setdefault(str(wrong), []).append(service)
    return [Finding(sentence, tuple(services)) for sentence, services in by_sentence.items()]


def in_units(seconds: int) -> tuple[int, str]:
    """Return a time in the largest unit in which it is a whole number: `day`, `hour`, `minute` or `second`."""
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds and seconds % size == 0:
            return seconds // size, unit
    return seconds, "second"
