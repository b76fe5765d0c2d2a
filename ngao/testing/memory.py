"""What services in memory share: a unit of work without a store, records that are copies, and the service around them.

In memory a record is written when a repository gets it, in the store when its unit commits. A use case that raises has therefore
written here what it saved before. Test with a real store what depends on that.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy, deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from ngao.chassis.errors import Conflict
from ngao.chassis.handlers import UnitContext
from ngao.chassis.security.audit import Record
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.repository import Entity, Repository
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.contracts.payloads import Payload
from ngao.testing.clock import ManualClock
from ngao.testing.published import published

SHIPPED_POLICY = Path(__file__).resolve().parents[2] / "deploy" / "policy"
T = TypeVar("T")
P = TypeVar("P", bound=Payload)
C = TypeVar("C", bound=UnitContext)


R = TypeVar("R", bound=Entity)


class _Nothing:
    """Replaces a part that a service in memory does not have."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AssertionError(f"The code under test asked {self._what} for {name}, and a service in memory does not have that.")


class _Hashes(_Nothing):
    """Replaces the keys of a unit: hashes need none here, and nothing is sealed."""

    def lookup_hash(self, kind: str, value: str) -> str:
        """Hash a value that is compared and never read."""
        return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()


def no_store(what: str) -> Any:
    """Make a part that fails the test when it is used."""
    return _Nothing(what)


def unit_in_memory(now: datetime) -> Unit:
    """Open a unit of work without a store. It collects what is published, audited and shredded."""
    hashes: Any = _Hashes("the keys")
    return Unit(now, hashes, no_store("the store"))


class Records(Generic[R]):
    """The records of one collection, for the repositories of all units: copies go in, copies come out.

    The key of a record is its attribute `key`. `kept` is what a test looks into, or prepares.
    """

    def __init__(self, key: str = "id") -> None:
        self.kept: dict[str, R] = {}
        self._key = key
        self._replaced: dict[str, int] = {}

    def in_new_unit(self) -> Self:
        """Return the same records for another unit of work, which may write each of them once more."""
        records = copy(self)
        records._replaced = {}  # noqa: SLF001  # of its own kind
        return records

    def get(self, key: str) -> R | None:
        """Return a copy of a record, or None."""
        return deepcopy(self.kept.get(key))

    def put(self, record: R) -> None:
        """Keep a copy under the next revision. Raises Conflict for a record that was changed since it was read."""
        key = getattr(record, self._key)
        known = self.kept.get(key)
        revision = self._replaced.setdefault(key, known.revision if known else 0)
        if record.revision != revision:
            raise Conflict(f"{key} was changed since it was read.")
        kept = deepcopy(record)
        object.__setattr__(kept, "revision", revision + 1)  # some records are frozen
        self.kept[key] = kept

    def drop(self, key: str) -> None:
        """Remove a record, if it is there."""
        self.kept.pop(key, None)

    def where(self, fits: Callable[[R], object]) -> list[R]:
        """Return copies of the records that fit, in the order in which they came."""
        return [deepcopy(each) for each in self.kept.values() if fits(each)]

    def ordered(self, fits: Callable[[R], object], by: Callable[[R], Any], *, newest_first: bool = False) -> list[R]:
        """Return copies of the records that fit, ordered."""
        return sorted(self.where(fits), key=by, reverse=newest_first)


class MemoryRepository(Repository[R]):
    """What the repositories of one unit of work have in common."""

    def __init__(self, records: Records[R]) -> None:
        self._records = records.in_new_unit()

    def get(self, key: str) -> R | None:
        """Return a copy of a record, or None."""
        return self._records.get(key)

    def save(self, entity: R) -> None:
        """Keep a copy. Raises Conflict for what was changed since it was read."""
        self._records.put(entity)


class ServiceInMemory(ABC, Generic[C]):
    """A service without a store and a broker: its real context over repositories in memory, and a clock that a test moves."""

    def __init__(self, start: datetime) -> None:
        self.clock = ManualClock(start)
        self.units: list[Unit] = []

    @property
    def now(self) -> datetime:
        """Return the time on its clock."""
        return self.clock.now()

    def pass_time(self, **by: float) -> None:
        """Move the clock forward, by as much as a timedelta of these arguments."""
        self.clock.advance(timedelta(**by))

    def open(self, principal: Principal | None = None) -> C:
        """Open a unit of work and return its context; without a caller the service acts itself."""
        unit = unit_in_memory(self.now)
        self.units.append(unit)
        return self._context(unit, principal)

    def run(self, work: Callable[[C], T], principal: Principal | None = None) -> T:
        """Run a use case in a unit of its own, as the service's parts do."""
        return work(self.open(principal))

    @abstractmethod
    def _context(self, unit: Unit, principal: Principal | None) -> C:
        """Make the context of one unit of work."""

    def published(self, kind: type[P]) -> list[tuple[P, Event]]:
        """Return each event of a type that was published to the other services, as its payload and its envelope."""
        return published(self.units, kind)

    @property
    def audited(self) -> list[Record]:
        """Return every entry of the audit."""
        return [each for unit in self.units for each in unit.records]

    @property
    def shredded(self) -> list[str]:
        """Return the scopes whose data keys were destroyed."""
        return [each for unit in self.units for each in unit.destroyed_keys]
