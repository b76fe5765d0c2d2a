"""What each service publishes of its audit: where the chains are, by number and hash, and nothing of what is on record."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from marshmallow import validate

from ngao.contracts.classes import Pattern
from ngao.contracts.envelope import Event
from ngao.contracts.payloads import Internal, Part, Payload, Whole, event, part
from ngao.kernel.records import from_record

_MOST_CHAINS, _MOST_PASSED = 64, 64
_N = validate.Range(1, 10**12)
_CHAIN = validate.Range(0, _MOST_CHAINS - 1)
_HASH = Pattern("^[0-9a-f]{64}$")


@part(schema="Passed")
class NotedEntry(Part):
    """An entry that an earlier event named as its chain's last."""

    n: Internal[Annotated[Whole, _N]]
    hash: Internal[Annotated[str, _HASH]]


@part(schema="Chain")
class NotedChain(NotedEntry):
    """The last entry of a chain, and the ones named earlier as they are now."""

    chain: Internal[Annotated[Whole, _CHAIN]]
    passed: Internal[Annotated[tuple[NotedEntry, ...], validate.Length(0, _MOST_PASSED)]]

    @property
    def last(self) -> NotedEntry:
        """The entry that the chain ends with."""
        return NotedEntry(n=self.n, hash=self.hash)

    @property
    def named(self) -> frozenset[NotedEntry]:
        """All entries that the event vouches for."""
        return frozenset((self.last, *self.passed))


@part(schema="AuditHeads")
class AuditNoted(Payload):
    """Where the chains of a service's audit are."""

    chains: Internal[Annotated[tuple[NotedChain, ...], validate.Length(0, _MOST_CHAINS)]]


@cache
def noted_by(service: str) -> type[AuditNoted]:
    """Return the event in which a service publishes the heads of its audit."""

    @event(f"{service}.audit.noted.v1", shape=AuditNoted)
    class Noted(AuditNoted):
        """Where the chains of one service's audit are."""

    return Noted


def noted_chains(event: Event) -> dict[int, NotedChain]:
    """Return the chains that an opened event names, by their number."""
    return {each.chain: each for each in from_record(AuditNoted, event.data).chains}
