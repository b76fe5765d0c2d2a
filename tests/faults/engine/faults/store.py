"""The database ends, loses answers, refuses, fails now and then, or is slow."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ngao.testing.waiting import eventually
from tests.faults.engine.facts import Limits
from tests.faults.engine.members import send
from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site

WRITES = ["insert", "update", "delete", "findAndModify", "commitTransaction"]


def killed(times: int) -> Inject:
    """-9 for whichever takes writes, in the middle of a burst, and a restart on the same files."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        for _ in range(times):
            time.sleep(lot.uniform(0.2, 0.8))
            member = site.mongods.primary()
            site.mongods.kill(member)
            time.sleep(1)
            site.start_mongod(member)
        yield

    return inject


@contextmanager
def frozen(site: Site, _lot: random.Random) -> Iterator[None]:
    """The database hangs: connections stand, nothing answers. In a set of three, another takes over meanwhile."""
    member = site.mongods.primary()
    send(member.process, signal.SIGSTOP)
    try:
        yield
    finally:
        send(member.process, signal.SIGCONT)


@contextmanager
def stepped_down(site: Site, _lot: random.Random) -> Iterator[None]:
    """The primary is told to step down, twice: open transactions end, and writes go elsewhere."""
    for _ in range(2):
        before = site.mongods.primary()
        site.mongods.step_down(before)
        eventually(lambda before=before: site.mongods.primary() != before, within=60, what="another primary")
    yield


def failing(mode: Mapping[str, Any] | str, **data: Any) -> Inject:
    """mongod's own fail point: the commands named in `failCommands` fail as `data` says."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        site.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)
        try:
            yield
        finally:
            site.admin.command("configureFailPoint", "failCommand", mode="off")

    return inject


_COMMIT = ["commitTransaction"]
_LATE = {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "injected"}
_CONCERN = {"code": 91, "codeName": "ShutdownInProgress", "errmsg": "injected", "errorLabels": ["RetryableWriteError"]}

FAULTS = [
    Fault("mongod-killed", "mongod is killed twice with -9 under load and started again", killed(2), lasts=1, rate=20),
    Fault("mongod-frozen", "mongod hangs for some seconds", frozen, lasts=7),
    Fault("commit-cut", "six commits lose their connection", failing({"times": 6}, failCommands=_COMMIT, closeConnection=True)),
    Fault("commit-unknown", "commits are done, and the answer says that the write concern failed",
          failing({"times": 8}, failCommands=_COMMIT, writeConcernError=_CONCERN)),
    Fault("write-concern-failed", "commits are done, and the answer says that no majority has them in time",
          failing({"times": 6}, failCommands=_COMMIT, writeConcernError=_LATE)),
    Fault("flaky-30", "three in ten write commands lose their connection",
          failing({"activationProbability": 0.3}, failCommands=WRITES, closeConnection=True), lasts=5),
    Fault("slow-store", "every write takes 300 ms longer",
          failing("alwaysOn", failCommands=WRITES, blockConnection=True, blockTimeMS=300), lasts=5, rate=2,
          limits=Limits(answers_within=6.0)),
    Fault("primary-killed", "of three mongods the primary is killed with -9, another takes over, and it comes back", killed(1),
          lasts=6, rate=15, members=3),
    Fault("primary-frozen", "of three mongods the primary is frozen until another has taken over, and wakes", frozen,
          lasts=10, rate=15, members=3),
    Fault("primary-stepped-down", "of three mongods the primary steps down, and so does the next", stepped_down, lasts=2,
          members=3),
]  # fmt: skip
