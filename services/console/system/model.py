"""What a service's readiness page says, read with care: the page of a service that fails may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.console.values import moment_of

_LONGEST, _MOST = 500, 50


class State(StrEnum):
    """What is known of a service. `NO_ANSWER`: none in time, or none that can be read. `NO_ADDRESS`: the settings name none."""

    READY = "ready"
    NOT_READY = "not_ready"
    NO_ANSWER = "no_answer"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True)
class Sentence:
    """One sentence of a service about itself. `check` is the name of its check, such as `store`."""

    check: str
    says: str


@dataclass(frozen=True)
class Readiness:
    """The state of one service: what it lacks, what an operator must look into although it works, and its last backup."""

    state: State
    missing: tuple[Sentence, ...] = ()
    warnings: tuple[Sentence, ...] = ()
    backed_up: datetime | None = None


def read_page(status: int, page: Any) -> Readiness:
    """Return what a page of readiness says; `NO_ANSWER` for anything that is no such page."""
    state = {200: State.READY, 503: State.NOT_READY}.get(status)
    if state is None or not isinstance(page, Mapping) or not isinstance(page.get("checks"), Mapping):
        return Readiness(State.NO_ANSWER)
    missing = tuple(each for each in _sentences(page["checks"]) if each.says != "ok")
    return Readiness(state, missing, _sentences(page.get("warnings")), _backed_up(page.get("facts")))


def _backed_up(facts: Any) -> datetime | None:
    with suppress(ValueError):
        found = moment_of(facts.get("backup")) if isinstance(facts, Mapping) else None
        return found if found and found.tzinfo else None
    return None


def _sentences(said: Any) -> tuple[Sentence, ...]:
    given = list(said.items())[:_MOST] if isinstance(said, Mapping) else ()
    return tuple(Sentence(str(check)[:_LONGEST], says[:_LONGEST]) for check, says in given if isinstance(says, str))
