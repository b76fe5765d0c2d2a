"""The driver's side of each contender: start it, load it, receive its partners' messages, stop it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench import load
from bench.contenders.durable_hops import HOPS, REPORT
from bench.contenders.floor import QUEUE, Floor
from bench.load import Client, Post
from bench.receiver import Receiver
from bench.reports import bodies
from bench.stage import NEED, Room, Stage, counties, in_directory, partner_names
from ngao.deployment.polling import wait_until
from ngao.kernel.pairwise import case_ref_for
from ngao.local.home import REPOSITORY

SERVICES = ("intake", "registry", "referral", "notify")
_ARRIVES_WITHIN_S = 40.0


@dataclass
class Run:
    """One measurement: posts, the moments of their offers, and what never arrived."""

    posts: list[Post]
    offers: dict[str, float]
    missing: int

    @property
    def throughput(self) -> float:
        """Reports a second from the first post to the last offer."""
        return len(self.offers) / (max(self.offers.values()) - min(post.due for post in self.posts))

    @property
    def latencies(self) -> list[float]:
        """Seconds from the moment a report was due to its partner's receiving the offer."""
        return [self.offers[post.case_ref] - post.due for post in self.posts if post.case_ref in self.offers]


@dataclass
class OverHttp:
    """A contender that takes reports over HTTP: the platform and P1."""

    name: str
    says: str
    port: int
    key: str
    receiver: Receiver
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    known_as: Callable[[set[str]], dict[str, str]] = lambda cases: {case: case for case in cases}
    """How the partners know these cases: asked after a run, so that it costs the run nothing."""
    seed: int = 0

    def reports(self, count: int) -> list[bytes]:
        """Return reports that were not posted before."""
        self.seed += 1
        return bodies(count, counties(), self.seed)

    def accept(self, clients: int, seconds: float, most: int, pause_s: float = 0.0) -> list[Post]:
        """Run B1: this number of clients, for these seconds."""
        return load.closed(self.port, self.key, clients, self.reports(most), seconds, pause_s=pause_s)

    def through(self, count: int, clients: int = 32) -> Run:
        """Run B2: this number of reports, from post to offer."""
        before = len(self.receiver.seen)
        return self._heard(load.closed(self.port, self.key, clients, self.reports(count)), before)

    def at_rate(self, rate: float, seconds: float, seed: int) -> Run:
        """Run B3: reports at a fixed rate, independent of the contender."""
        moments = load.arrivals(rate, int(rate * seconds), seed)
        before = len(self.receiver.seen)
        return self._heard(load.opened(self.port, self.key, moments, self.reports(len(moments))), before)

    def settle(self, posts: Sequence[Post]) -> int:
        """Wait until everything accepted has gone through, so that the next one has the machine for itself."""
        return self._heard(list(posts), None).missing

    def is_ready(self) -> bool:
        """Return True if the contender accepts one report."""
        try:
            status, _ = Client(self.port, self.key).post(self.reports(1)[0])
        except OSError:
            return False
        return status == load.ACCEPTED

    def stop(self) -> None:
        """End what was started for it."""
        self.receiver.stop()
        end(self.processes)

    def _heard(self, posts: list[Post], before: int | None) -> Run:
        cases, until = {post.case_ref for post in posts}, time.monotonic() + _ARRIVES_WITHIN_S
        if before is not None:
            wait_until(lambda: len(self.receiver.seen) - before >= len(cases), _ARRIVES_WITHIN_S, 0.005)
        names: dict[str, str] = {}

        def are_named() -> bool:
            names.update(self.known_as(cases))
            return len(names) == len(cases)

        wait_until(are_named, until - time.monotonic(), 0.5)
        missing = self.receiver.wait_for(set(names.values()), max(0.0, until - time.monotonic()))
        offers = {case: self.receiver.seen[name] for case, name in names.items() if name not in missing}
        return Run(posts, offers, len(cases) - len(offers))


@dataclass
class DurableHops:
    """F3. Its reports come over a pipe. None is answered, so at the peak all of them are there from the beginning."""

    receiver: Receiver
    processes: list[subprocess.Popen[bytes]]
    name: str = "f3"
    _runs: int = 0

    def through(self, count: int) -> Run:
        """Run B2."""
        return self._run([0.0] * count)

    def at_rate(self, rate: float, seconds: float, seed: int) -> Run:
        """Run B3."""
        return self._run(load.arrivals(rate, int(rate * seconds), seed))

    def stop(self) -> None:
        """End what was started for it."""
        self.receiver.stop()
        end(self.processes)

    def _run(self, moments: Sequence[float]) -> Run:
        self._runs += 1
        names = partner_names()
        reports = [
            {"data": {"case_ref": f"F3-{self._runs}-{at}", "partner": names[at % len(names)]}, "report": body.decode()}
            for at, body in enumerate(bodies(len(moments), counties(), self._runs))
        ]
        lines = [json.dumps(report).encode() + b"\n" for report in reports]
        pipe: Any = self.processes[0].stdin
        posts, began = [], time.monotonic() + 0.05
        for at, line in enumerate(lines):
            due = began + moments[at]
            time.sleep(max(0.0, due - time.monotonic()))
            pipe.write(line)
            pipe.flush()
            posts.append(Post(due, time.monotonic(), f"F3-{self._runs}-{at}"))
        cases = {post.case_ref for post in posts}
        missing = self.receiver.wait_for(cases, _ARRIVES_WITHIN_S)
        return Run(posts, {case: self.receiver.seen[case] for case in cases - missing}, len(missing))


Driven = OverHttp | DurableHops
"""A contender that takes reports to their partners."""


def platform(stage: Stage) -> OverHttp:
    """Return the platform as a contender, with encryption and audit on."""
    says, port, receiver = "Ngao, encryption and audit on", stage.platform.ports["intake"], Receiver(stage.onboard())
    return OverHttp("ngao", says, port, stage.source_key, receiver, known_as=partial(_partners_references, stage))


def _partners_references(stage: Stage, cases: set[str]) -> dict[str, str]:
    """Return the partner's own reference of each case, from the salts in referral's store."""
    with MongoClient[dict[str, Any]](stage.mongo_uri) as client:
        wanted = {"_id": {"$in": list(cases)}, "offers": {"$ne": []}}
        found = client["ngao_referral"]["cases"].find(wanted, {"offers.partner_id": 1, "offers.case_salt": 1})
        offered = [(case["_id"], case["offers"][0]) for case in found]
    return {case: case_ref_for(offer["partner_id"], case, offer.get("case_salt")) for case, offer in offered}


def floor(stage: Stage) -> Floor:
    """Return F1."""
    room = stage.room("floor")
    stage.quorum_queue(room, QUEUE)
    return Floor(room)


def durable_hops(stage: Stage) -> DurableHops:
    """Start F3: four plain processes, which are ready when a report has gone through."""
    room = stage.room("f3")
    queues = stage.partner_queues(room)
    stage.subscriptions(room, [(service, event) for service in SERVICES for event in HOPS[service].keys() - {REPORT}])
    file = room.as_file(stage.home.run)
    module = "bench.contenders.durable_hops"
    started = [_start(stage, f"f3-{each}", ["-m", module, str(file), each], stdin=subprocess.PIPE) for each in SERVICES]
    made = DurableHops(Receiver(stage.account(room.vhost, queues)), started)
    if made.through(1).missing:
        raise RuntimeError("F3 does not come up; its logs are in the stage's folder")
    return made


def plain_nameko(stage: Stage) -> OverHttp:
    """Start P1: four services of nameko, one process each."""
    room = stage.room("p1")
    queues = stage.partner_queues(room)
    _fill(room)
    settings = {
        "AMQP_URI": room.amqp, "MONGO_URI": room.mongo, "MONGO_DATABASE": room.database, "KEY": room.key,
        "WEB_SERVER_ADDRESS": f"127.0.0.1:{room.port}", "max_workers": 32, "prefetch_count": 32,
        "LOGGING": {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}},
    }  # fmt: skip
    file = room.as_file(stage.home.run, **settings)
    program = str(Path(sys.executable).parent / "nameko")
    classes = [f"bench.contenders.plain_nameko:{service.capitalize()}Service" for service in SERVICES]
    started = [_start(stage, f"p1-{each.rpartition(':')[2]}", [program, "run", "--config", str(file), each]) for each in classes]
    return _ready(OverHttp("p1", "plain nameko", room.port, room.key, Receiver(stage.account(room.vhost, queues)), started))


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask each to end, then end it."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _ready(contender: OverHttp) -> OverHttp:
    """Wait until reports go all the way: what the first ones missed while queues were made is not waited for."""

    def flows() -> bool:
        before = len(contender.receiver.seen)
        return contender.is_ready() and wait_until(lambda: len(contender.receiver.seen) > before, 2)

    if not wait_until(flows, 40, 0.3):
        raise RuntimeError(f"{contender.says} does not come up; its logs are in the stage's folder")
    return contender


def _fill(room: Room) -> None:
    """Create the partners and the indexes that the flow needs."""
    with MongoClient[dict[str, Any]](room.mongo) as client:
        database: Any = client[room.database]
        listed = zip(partner_names(), counties(), strict=True)
        database.partners.insert_many([{"_id": name, **in_directory(name, county)} for name, county in listed])
        database.partners.create_index("counties")
        database.reports.create_index("source_event_id", unique=True)
        database.persons.create_index("emails")
        if database.partners.find_one({"support_types": NEED}) is None:
            raise RuntimeError("the partners are not there")


def _start(stage: Stage, name: str, command: list[str], stdin: int | None = None) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, as the platform's are: a kernel may share processor time by session."""
    full = command if command[0].startswith("/") else [sys.executable, "-W", "ignore", *command]
    with (stage.home.logs / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            full, cwd=REPOSITORY, stdin=stdin, stdout=log, stderr=log, env=stage.environment(), start_new_session=True
        )
