"""What `<service>.audit.noted` carries, as one type for the service that publishes it and the services that hold it."""

from __future__ import annotations

from ngao.contracts.envelope import Event
from ngao.contracts.events.audit import (
    AuditNoted,
    IntakeAuditNoted,
    NotedChain,
    NotifyAuditNoted,
    ReferralAuditNoted,
    RegistryAuditNoted,
)
from ngao.contracts.payloads import read

_NOTED: dict[str, type[AuditNoted]] = {
    each.type_name.partition(".")[0]: each
    for each in (IntakeAuditNoted, RegistryAuditNoted, ReferralAuditNoted, NotifyAuditNoted)
}


def noted_by(service: str) -> type[AuditNoted]:
    """Return the event in which a service publishes the heads of its audit. Raises KeyError for one that publishes none."""
    return _NOTED[service]


def noted_chains(event: Event) -> dict[int, NotedChain]:
    """Return the chains that an opened event names, by their number."""
    return {each.chain: each for each in read(AuditNoted, event.data).chains}
