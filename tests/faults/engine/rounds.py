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
from ngao.testing.waiting import eventually
from tests.faults.engine import collect
from tests.faults.engine.checker import Verdict, check
from tests.faults.engine.facts import Facts, Limits
from tests.faults.engine.history import read
from tests.faults.engine.site import STARTS_WITHIN_S, Running, Site
from tests.faults.engine.starving import Starving

Inject = Callable[[Site, random.Random], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """One way to break something.

    `lasts` is how long it holds, in seconds; `replays`: an operator replays what was parked; `members`: mongods in the set.
    """

    name: str
    says: str
    inject: Inject
    lasts: float = 4.0
    rate: float = 4.0
    burst: int = 0
    limits: Limits = field(default_factory=Limits)
    replays: bool = False
    members: int = 1
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
    with _Watcher(site, running) as watcher, Starving(site) as starving:
        _wait_for_load(running)
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
        quiet_after, moves = _become_quiet(site, running, fault, healed_at, parked)
    facts = collect.collect(site, running, before=parked, old_ghosts=ghosts, limits=fault.limits)
    if quiet_after is not None:  # what timers have said since then is no backlog
        facts = replace(facts, outbox={}, queues={})
    facts = replace(facts, watched=watcher.seen, starved=starving.samples)
    facts = replace(facts, fault_at=fault_at, healed_at=healed_at, quiet_after=quiet_after, moves=moves)
    verdict = check(facts)
    if not trouble and (not verdict.accepted or not verdict.stable):
        trouble = "nothing was accepted or nothing was offered: this round shows nothing"
    return Result(fault, seed, verdict, facts, began, time.time() - began, trouble)


def _wait_for_load(running: Running) -> None:
    """The fault meets a load that runs: on a busy machine the source's process takes some seconds to begin."""

    def accepted() -> bool:
        return any(op["type"] == "ok" and op["f"] == "post" for op in read(running.history))

    eventually(accepted, within=STARTS_WITHIN_S, what="the load's first accepted report")


def _become_quiet(site: Site, running: Running, fault: Fault, healed_at: float, parked: set[str]) -> tuple[float | None, str]:
    """Seconds from the healing until nothing moves any more; None and what still moved when that takes too long."""
    still, moves = 0, ""
    while time.time() < healed_at + fault.limits.clears_within:
        if fault.replays:
            _replay(site, parked)
        moves = _what_moves(site, running)
        still = 0 if moves else still + 1
        if still == site.still_for:
            return time.time() - healed_at, ""
        time.sleep(0.6)
    return None, moves


def _what_moves(site: Site, running: Running) -> str:
    """The first thing found that is not at rest; empty when all is."""
    try:
        standing = {**collect.queues_now(site), **{f"the outbox of {name}": n for name, n in collect.outboxes_now(site).items()}}
        waiting = next((f"{count} in {name}" for name, count in standing.items() if count), "")
        return waiting or _letters_due(site) or _unfinished(site, running)
    except (NgaoError, PyMongoError, requests.RequestException) as error:
        return type(error).__name__


def _letters_due(site: Site) -> str:
    """Letters that notify is about to send; each will be told of by an event."""
    due = site.database("notify").messages.count_documents({"state": "queued", "attempts": {"$in": [0, None]}})
    return f"{due} letters to send" if due else ""


def _unfinished(site: Site, running: Running) -> str:
    """A report whose case is not known yet, a need nobody has looked at, an offer its partner has not got."""
    refs = collect.refs_of(site, running)
    cases = collect._cases(site, refs)
    asked = {op["key"] for op in read(running.history) if op["type"] == "ok" and op["f"] in {"post", "publish"}}
    if len(asked) > len(refs) or len(cases) < len(refs):
        return f"{len(asked)} accepted, {len(refs)} reports, {len(cases)} cases"
    for case in cases:
        if not case["known"] and case["life"] != "closed":
            return f"{case['case_ref']} has not heard of its report"
        if case["life"] != "closed" and any(need["state"] == "pending" for need in case["needs"]):
            return f"{case['case_ref']} has a pending need"
        if any(offer["state"] == "offered" for offer in case["offers"]):
            return f"{case['case_ref']} has an offer that its partner has not got"
    return ""


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
