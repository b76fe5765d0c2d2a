"""What `<service>.audit.noted` carries, as one type for the service that publishes it and the services that hold it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ngao.contracts.envelope import Event
from ngao.contracts.schemas.audit import AuditHeads


@dataclass(frozen=True)
class NotedEntry:
    """One entry of a chain, by its number and its hash."""

    n: int
    hash: str


@dataclass(frozen=True)
class NotedChain:
    """Where a chain is, and the entries that earlier events named as its last, as they are now."""

    chain: int
    n: int
    hash: str
    passed: tuple[NotedEntry, ...] = ()

    @property
    def last(self) -> NotedEntry:
        """The entry that the chain ends with."""
        return NotedEntry(self.n, self.hash)

    @property
    def named(self) -> frozenset[NotedEntry]:
        """All entries that the event vouches for."""
        return frozenset((self.last, *self.passed))


def noted_data(chains: Iterable[NotedChain]) -> dict[str, Any]:
    """The data of the event."""
    return {"chains": [{**asdict(each), "passed": [asdict(entry) for entry in each.passed]} for each in chains]}


def noted_chains(event: Event) -> dict[int, NotedChain]:
    """The chains that an event names, by their number. Raises marshmallow's ValidationError."""
    loaded = AuditHeads().load(event.data)
    return {
        each["chain"]: NotedChain(each["chain"], each["n"], each["hash"], tuple(NotedEntry(**entry) for entry in each["passed"]))
        for each in loaded["chains"]
    }
