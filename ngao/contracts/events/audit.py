"""What each service publishes of its audit: where the chains are, by number and hash, and nothing of what is on record."""

from __future__ import annotations

from typing import Annotated

from marshmallow import validate

from ngao.contracts.classes import Pattern
from ngao.contracts.payloads import Internal, Part, Payload, Whole, event, part

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


@event("intake.audit.noted.v1", shape=AuditNoted)
class IntakeAuditNoted(AuditNoted):
    """Where intake's chains are."""


@event("registry.audit.noted.v1", shape=AuditNoted)
class RegistryAuditNoted(AuditNoted):
    """Where the registry's chains are."""


@event("referral.audit.noted.v1", shape=AuditNoted)
class ReferralAuditNoted(AuditNoted):
    """Where referral's chains are."""


@event("notify.audit.noted.v1", shape=AuditNoted)
class NotifyAuditNoted(AuditNoted):
    """Where notify's chains are."""
