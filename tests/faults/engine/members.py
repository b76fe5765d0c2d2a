"""The database under test: a replica set of one, or of three so that there is somebody to take over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, PyMongoError

from ngao.deployment.naming import REPLICA_SET
from ngao.local import binaries
from ngao.local.home import Home
from ngao.local.mongo import LocalMongo
from ngao.local.ports import LOCAL, free_port
from ngao.local.processes import Process
from ngao.testing.waiting import eventually

_SETTINGS = {"electionTimeoutMillis": 4000, "heartbeatIntervalMillis": 500}
"""Somebody else is elected within some seconds; much less, and a busy machine alone would bring elections about."""


def send(process: Process, number: signal.Signals) -> None:
    """A signal to a store that runs; one that does not run is a fault of the round, and 0 would be all of us."""
    pid = process.pid()
    if pid is None:
        raise RuntimeError(f"{process.name} does not run")
    os.kill(pid, number)


@dataclass(frozen=True)
class Members:
    """The mongods of one set."""

    all: tuple[LocalMongo, ...]

    @classmethod
    @contextmanager
    def joined(cls, first: LocalMongo, number: int) -> Iterator[Members]:
        """The set that `first` is, joined by others until there are as many; afterwards it is alone again."""
        others = [LocalMongo(Home(first.home.root / f"member-{at}"), free_port(), for_tests=True) for at in range(1, number)]
        members = cls((first, *others))
        try:
            for each in others:
                each.home.make()
                members.start(each)
                members._add(each)
            eventually(members.whole, within=60, what="all members to be in the set")
            yield members
        finally:
            for each in others:
                each.process.stop(0)

    @property
    def hosts(self) -> str:
        return ",".join(_host(each) for each in self.all)

    @property
    def url(self) -> str:
        """For a client that finds the primary by itself."""
        return f"mongodb://{self.hosts}/?replicaSet={REPLICA_SET}"

    def primary(self) -> LocalMongo:
        """The member that takes writes now; waits for one."""
        return eventually(lambda: next((each for each in self.all if _is_primary(each)), None), within=60, what="a primary")

    def kill(self, member: LocalMongo) -> None:
        send(member.process, signal.SIGKILL)
        eventually(lambda: member.process.pid() is None, what="a mongod's end")

    def start(self, member: LocalMongo) -> None:
        member.start(binaries.mongod(lambda _line: None))

    def step_down(self, member: LocalMongo) -> None:
        """Have it give up its place for half a minute."""
        with _direct(member) as client, suppress(AutoReconnect):  # it may close connections when it does
            client.admin.command("replSetStepDown", 30, secondaryCatchUpPeriodSecs=5)

    def whole(self) -> bool:
        """Every member runs, and is primary or up to date behind it."""
        with _direct(self.primary()) as client:
            told = client.admin.command("replSetGetStatus")["members"]
        return len(told) == len(self.all) and {each["stateStr"] for each in told} <= {"PRIMARY", "SECONDARY"}

    def _add(self, member: LocalMongo) -> None:
        """One at a time: a set takes only one new vote in a change."""

        def added() -> bool:
            with _direct(self.primary()) as client:
                config = client.admin.command("replSetGetConfig")["config"]
                number = max(each["_id"] for each in config["members"]) + 1
                config["members"].append({"_id": number, "host": _host(member)})
                config["version"] += 1
                config["settings"] |= _SETTINGS
                try:
                    client.admin.command("replSetReconfig", config)
                except PyMongoError:
                    return False  # the member is still starting, or the last change is still on its way
            return True

        eventually(added, within=60, what="the set to take another member")


def _host(member: LocalMongo) -> str:
    return f"{LOCAL}:{member.port}"


def _direct(member: LocalMongo) -> MongoClient[dict[str, Any]]:
    return MongoClient(LOCAL, member.port, directConnection=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=5000)


def _is_primary(member: LocalMongo) -> bool:
    if member.process.pid() is None:
        return False
    try:
        with _direct(member) as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False
