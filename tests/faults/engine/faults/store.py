"""The database ends, loses answers, refuses, fails now and then, or is slow."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.faults.engine.facts import Limits
from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site, send

WRITES = ["insert", "update", "delete", "findAndModify", "commitTransaction"]


@contextmanager
def killed(site: Site, lot: random.Random) -> Iterator[None]:
    """-9 in the middle of a burst, and a restart on the same files: twice."""
    for _ in range(2):
        time.sleep(lot.uniform(0.2, 0.8))
        site.kill_mongod()
        time.sleep(1)
        site.start_mongod()
    yield


@contextmanager
def frozen(site: Site, _lot: random.Random) -> Iterator[None]:
    """The database hangs: connections stand, nothing answers."""
    send(site.stores.mongo.process, signal.SIGSTOP)
    try:
        yield
    finally:
        send(site.stores.mongo.process, signal.SIGCONT)


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
    Fault("mongod-killed", "mongod is killed twice with -9 under load and started again", killed, lasts=1, rate=20),
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
]  # fmt: skip
