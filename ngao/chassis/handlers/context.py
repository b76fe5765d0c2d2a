"""What a use case works with: the parts of the process, and a context for each unit of work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.http.operation import Endpoint
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.identity import Credentials, Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, InNoticeOnly, Payload, event_of
from ngao.kernel.actors import Actor

T = TypeVar("T")


@dataclass
class UnitContext:
    """The base of a service's context: one unit of work, and who asked for it.

    A service adds its policy and its repositories, each bound to the unit. Without a principal the service acts itself: for
    an event, a timer or a recheck.
    """

    service: ClassVar[str]
    unit: Unit = field(repr=False)
    principal: Principal | None

    @property
    def now(self) -> datetime:
        """The moment of this unit of work, in UTC."""
        return self.unit.now

    @property
    def actor(self) -> Actor:
        """The actor as the audit trail names it. Raises ValueError for a caller without an account."""
        return self.principal.actor if self.principal else Actor.service(self.service)

    def reaches(self, hub: str, owner: str | None = None) -> bool:
        """Return True if this unit may show or change a record of this hub and owner: the service itself reaches all."""
        return self.principal is None or self.principal.reaches(hub, owner)

    def audit(self, action: str, *, subject: str, actor: Actor | None = None, detail: Mapping[str, str] | None = None) -> None:
        """Register an audit entry with this unit: codes and references only. The caller is the actor unless another is given."""
        self.unit.audit(action, subject=subject, actor=actor or self.actor, detail=detail)

    def publish(
        self,
        payload: Payload,
        *,
        subject: str,
        urgent: bool = False,
        partner_id: str | None = None,
        to: str | tuple[str, ...] = EVENTS,
        in_notice: InNoticeOnly | None = None,
    ) -> Event:
        """Register an event of the contract with this unit and return it; one event may go to several destinations.

        `in_notice` is for its notice alone. Raises InvalidContent for a payload that breaks its own schema.
        """
        event = event_of(
            payload, subject=subject, urgent=urgent, partner_id=partner_id, traceparent=self.unit.traceparent, time=self.now,
            in_notice=in_notice,
        )  # fmt: skip
        for destination in (to,) if isinstance(to, str) else to:
            self.unit.emit(event, to=destination)
        return event


C = TypeVar("C", bound=UnitContext)


class Parts(ABC, Generic[C]):
    """What a service keeps for as long as its process runs: its policy, its keys, its counters. Each service has a subclass.

    To make one reads policy, settings and keys; the store is not asked yet. Raises Misconfigured.
    """

    credentials: Credentials | None = None
    """Where the accounts of its callers are; None where only operators call."""
    pages: Callable[..., Iterable[bytes]] | None = None
    """A WSGI application for the paths of the public port that no operation matches; see `ngao.chassis.http.pages`."""
    endpoints: Mapping[str, Endpoint] = MappingProxyType({})
    """The operations of the service, by their names; `Service.open` puts them here."""

    def __init__(self, chassis: Chassis) -> None:
        self.chassis = chassis
        self.units, self.metrics, self.clock = chassis.units, chassis.metrics, chassis.clock

    def begin(self) -> None:
        """Do the preparations that need the store. Called after its collections exist, and before anything is handled."""

    @abstractmethod
    def context(self, unit: Unit, principal: Principal | None = None) -> C:
        """Return the context of one unit of work."""

    def read(self, principal: Principal | None = None) -> C:
        """Return a context for reading; changes registered with it are not stored."""
        return self.context(self.units.read(), principal)

    def run(self, work: Callable[[C], T], call: Any = None) -> T:
        """Run a use case in a unit of its own and commit it. `call` is the request that asks for it, if there is one.

        Raises what the use case raises, Conflict after several tries, Unavailable when the store does not answer.
        """
        principal, trace = (call.principal, call.trace) if call else (None, None)
        return self.units.run(lambda unit: work(self.context(unit, principal)), trace)

    def run_all(self, works: Sequence[Callable[[C], T]], call: Any = None) -> list[T | Exception]:
        """Run several use cases, committed in groups; each gets its own result or its own error."""
        principal = call.principal if call else None
        return self.units.run_all([partial(self._in_unit, work, principal) for work in works])

    def each(self, references: Iterable[str], work: Callable[[C, str], T], failed: str) -> dict[str, T]:
        """Run a use case for each record in a unit of its own. Returns the results of those that did not fail.

        One that fails is logged as the event `failed` and keeps no other: the next turn tries it again.
        """
        done: dict[str, T] = {}
        for reference in references:
            try:
                done[reference] = self.run(partial(_about, work, reference))
            except Exception as error:  # noqa: BLE001  # logged by type
                get_logger(self.chassis.name).error(failed, reference=reference, **describe_error(error))
        return done

    def _in_unit(self, work: Callable[[C], T], principal: Principal | None, unit: Unit) -> T:
        return work(self.context(unit, principal))


def _about(work: Callable[[C, str], T], reference: str, context: C) -> T:
    return work(context, reference)
