"""One round: load, a fault in it, healing, quiet, and the checker's verdict."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

import requests
from pymongo.errors import PyMongoError

from ngao.chassis.errors import NgaoError
from tests.faults.engine import collect
from tests.faults.engine.checker import Verdict, check
from tests.faults.engine.facts import Facts, Limits
from tests.faults.engine.history import read
from tests.faults.engine.site import Running, Site

Inject = Callable[[Site, random.Random], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """One way to break something. `lasts` is how long it holds, in seconds; `replays`: an operator replays what was parked."""

    name: str
    says: str
    inject: Inject
    lasts: float = 4.0
    rate: float = 4.0
    burst: int = 0
    limits: Limits = field(default_factory=Limits)
    replays: bool = False
    mix: dict[str, Any] = field(default_factory=dict, hash=False)

    def shortened(self) -> Fault:
        """The same for a test run among others: it holds for a second and a half at most, under a light load."""
        return replace(self, lasts=min(self.lasts, 1.5), rate=min(self.rate, 3.0))


@dataclass
class Result:
    """What came of one round; `points` are (seconds since its begin, reports accepted, offers heard) for the picture."""

    fault: Fault
    seed: int
    verdict: Verdict
    facts: Facts
    began: float
    seconds: float
    trouble: str = ""

    @property
    def good(self) -> bool:
        return self.verdict.good and not self.trouble


@dataclass(frozen=True)
class Pace:
    """How long the load runs before and after a fault, in seconds."""

    before: float = 1.5
    after: float = 1.0


def play(site: Site, fault: Fault, seed: int, pace: Pace = Pace()) -> Result:  # frozen
    """Play one round. A fault that cannot be injected is told as the round's trouble, never as a pass."""
    began = time.time()
    lot = random.Random(f"{seed}/{fault.name}")  # noqa: S311  # repeatable, no secret
    parked, ghosts = set(collect.parked_now(site)), set(collect.ghosts(site))
    running = site.load(lot.randrange(2**31), fault.rate, burst=fault.burst, **fault.mix)
    trouble = ""
    with _Watcher(site, running) as watcher:
        time.sleep(pace.before)
        fault_at = time.time()
        try:
            with fault.inject(site, lot):
                time.sleep(fault.lasts)
        except (AssertionError, RuntimeError, OSError, NgaoError, PyMongoError) as error:
            trouble = f"{type(error).__name__}: {error}"[:300]
        site.heal()
        healed_at = time.time()
        time.sleep(pace.after)
        running.stop()
        quiet_after = _become_quiet(site, running, fault, healed_at, parked)
    facts = collect.collect(site, running, before=parked, old_ghosts=ghosts, limits=fault.limits)
    if quiet_after is not None:  # what timers have said since then is no backlog
        facts = replace(facts, outbox={}, queues={})
    facts = replace(facts, watched=watcher.seen, fault_at=fault_at, healed_at=healed_at, quiet_after=quiet_after)
    verdict = check(facts)
    if not trouble and (not verdict.accepted or not verdict.stable):
        trouble = "nothing was accepted or nothing was offered: this round shows nothing"
    return Result(fault, seed, verdict, facts, began, time.time() - began, trouble)


def _become_quiet(site: Site, running: Running, fault: Fault, healed_at: float, parked: set[str]) -> float | None:
    """Seconds from the healing until nothing moves any more; None when that takes too long."""
    still = 0
    while time.time() < healed_at + fault.limits.clears_within:
        if fault.replays:
            _replay(site, parked)
        still = still + 1 if _is_quiet(site, running) else 0
        if still == 2:
            return time.time() - healed_at
        time.sleep(0.6)
    return None


def _is_quiet(site: Site, running: Running) -> bool:
    try:
        if any(collect.outboxes_now(site).values()) or any(collect.queues_now(site).values()):
            return False
        return not _letters_due(site) and not _unfinished(site, running)
    except (NgaoError, PyMongoError, requests.RequestException):
        return False


def _letters_due(site: Site) -> bool:
    """Letters that notify is about to send; each will be told of by an event."""
    return bool(site.database("notify").messages.count_documents({"state": "queued", "attempts": {"$in": [0, None]}}))


def _unfinished(site: Site, running: Running) -> bool:
    """A report whose case is not known yet, a need nobody has looked at, an offer its partner has not got."""
    refs = collect.refs_of(site, running)
    cases = collect._cases(site, refs)
    asked = {op["key"] for op in read(running.history) if op["type"] == "ok" and op["f"] in {"post", "publish"}}
    if len(asked) > len(refs) or len(cases) < len(refs):
        return True
    return any(
        not case["known"]
        or any(need["state"] == "pending" for need in case["needs"] if case["life"] != "closed")
        or any(offer["state"] == "offered" for offer in case["offers"])
        for case in cases
    )


def _replay(site: Site, before: set[str]) -> None:
    """What an operator does with parked messages whose cause is mended."""
    for name, each in collect.parked_now(site).items():
        if name not in before and each["reason"] == "delivery-limit":
            service = site.services[each["service"]]
            service.request("POST", f"/v1/parked/{each['id']}/replay", {"reason": "cause mended"}, site.stage.world.operator_key)


class _Watcher:
    """Looks at the states of a round's cases and offers again and again, and notes every change."""

    def __init__(self, site: Site, running: Running) -> None:
        self._site, self._running = site, running
        self._last: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._ended.wait(0.5):
            with suppress(PyMongoError):
                self._look()

    def _look(self) -> None:
        refs = collect.refs_of(self._site, self._running)
        shown = {"life": 1, "offers.id": 1, "offers.state": 1}
        for case in self._site.database("referral").cases.find({"_id": {"$in": refs}}, shown):
            self._note(case["_id"], case["life"])
            for offer in case.get("offers", ()):
                self._note(offer["id"], offer["state"])

    def _note(self, what: str, state: str) -> None:
        if self._last.get(what) != state:
            self._last[what] = state
            self.seen.append({"id": what, "state": state, "at": time.time()})
