"""One of several processes that want the only beds of some shelters, all at the same moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

from ngao.chassis.clock import SystemClock
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import encode
from services.referral.offers.model import Offer, State
from services.referral.offers.store import EngagementRepository, Promised
from tests.support.auditing import journal_of

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

ALIAS = "referral"
AT_ONCE = 5
"""So many beds are raced for from one start. Each process leaves one of them out, another than the others do: whoever comes
too late for the rest wants that one next, and so do others."""


def store_at(hosts: str, database: str) -> Store:
    return Store(StoreSettings(hosts, "rs0", database, None, None, None, 10_000), alias=ALIAS)


def race(at: tuple[str, str], racer: int, beds: int, start: Barrier, results: Queue[tuple[int, int]]) -> None:
    """Puts how many beds this process was promised, and how often it had to look again because another was first."""
    store, clock, promised = store_at(*at), SystemClock(), Promised()
    far = datetime.now(UTC) + timedelta(hours=1)
    committer = GroupCommitter(
        store, clock.now, lambda _entries: None, lease=lambda: ("", far), encode=encode,
        journal=journal_of(store.database),
    )  # fmt: skip
    units = Units(clock, None, store.lookups, committer)  # type: ignore[arg-type]  # nothing is sealed here
    won = looked = 0

    for first in range(0, beds, AT_ONCE):
        wanted = [first + each for each in range(AT_ONCE) if each != racer]

        def want(unit: Unit, wanted: list[int] = wanted) -> int:
            nonlocal looked
            looked += 1
            mine = EngagementRepository(unit, promised)
            mine.loads([f"shelter-{number}" for number in wanted])  # as a match does, before it offers
            return sum(_want(mine, unit.now, number, racer) for number in wanted)

        start.wait(60)
        won += units.run(want)
    store.close()
    results.put((won, looked - beds // AT_ONCE))


def _want(mine: EngagementRepository, now: datetime, number: int, racer: int) -> bool:
    """A new offer for a bed, or, of every second, the acceptance of one that was made before beds were reserved."""
    state = State.OFFERED if number % 2 == 0 else State.ACCEPTED
    offer = Offer(f"offer-{number}-{racer}", "safe_house", f"shelter-{number}", 1, now, None, "1", state=state)
    has = mine.reserve(offer, 1) if state is State.OFFERED else mine.confirm(offer, 1)
    if has:
        mine.follow(offer)
    return has
