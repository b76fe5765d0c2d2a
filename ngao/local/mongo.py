"""An embedded mongod: a replica set of one with accounts, each restricted to its own database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from ngao.chassis.errors import Unavailable
from ngao.deployment import rights
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.naming import ADMINISTRATOR, REPLICA_SET, database_of
from ngao.local.binaries import Mongod
from ngao.local.home import Home
from ngao.local.ports import LOCAL, require_free
from ngao.local.processes import STORE_ENDS_WITHIN_S, Process

READY_S = 60
_TRANSACTION_S = 5
"""The open transaction of a killed service locks its documents until the store ends it: by default after a minute."""
_OPEN = (
    "--setParameter",
    "enableTestCommands=1",
    # Without compression, a search of the files for forbidden content cannot be misled.
    "--wiredTigerCollectionBlockCompressor",
    "none",
    "--wiredTigerJournalCompressor",
    "none",
)

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class LocalMongo:
    """The database of one home. `for_tests` opens it to every user of this machine and to injected failures."""

    home: Home
    port: int
    for_tests: bool = False

    @property
    def process(self) -> Process:
        """The process of mongod."""
        return Process("mongod", self.home.run)

    def start(self, mongod: Mongod) -> None:
        """Start it if it does not run. Raises Misconfigured, Unavailable."""
        if self.process.pid() is not None:
            return
        self.process.stop()
        require_free("mongo", self.port)
        (self.home.mongo / "data").mkdir(exist_ok=True)
        write_whole(self.home.mongo / "keyfile", self.home.secret("mongo-keyfile").replace("-", "a").replace("_", "b") + "\n")
        environment = {**os.environ, **mongod.environment}
        log = self.home.logs / "mongod.log"
        self.process.start(self._command(str(mongod.program)), log=log, environment=environment, cwd=self.home.mongo)

    def wait(self) -> None:
        """Wait until it is a primary with an administrator. Raises Unavailable if it ends first or takes too long."""
        if not self.process.becomes(self._is_primary, READY_S, 0.2):
            raise Unavailable(f"mongod did not start. Its log is {self.home.logs / 'mongod.log'}.")
        if not self.for_tests:
            self._make_administrator()

    def make_accounts(self, services: Iterable[str]) -> None:
        """Create one database per service, with one account that can read and write only there, and not change the audit."""
        with self.administrator() as client:
            for service in services:
                rights.give_account(client[database_of(service)], service, self.home.secret(f"mongo-{service}"))

    def administrator(self) -> Client:
        """Open a connection with all rights. The caller closes it."""
        return self._client(username=ADMINISTRATOR, password=self.home.secret("mongo-admin"), authSource="admin")

    def stop(self, patience_s: float = STORE_ENDS_WITHIN_S) -> None:
        """Stop it. It writes its last checkpoint first."""
        self.process.stop(patience_s)

    def _command(self, program: str) -> list[str]:
        command = [program, "--dbpath", str(self.home.mongo / "data"), "--port", str(self.port), "--bind_ip", LOCAL]
        command += ["--nounixsocket", "--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.5"]
        command += ["--setParameter", f"transactionLifetimeLimitSeconds={_TRANSACTION_S}"]
        return [*command, *(_OPEN if self.for_tests else ["--keyFile", str(self.home.mongo / "keyfile")])]

    def _client(self, **account: Any) -> Client:
        times: dict[str, Any] = {"serverSelectionTimeoutMS": 2000, "connectTimeoutMS": 2000, "socketTimeoutMS": 20000}
        return MongoClient(LOCAL, self.port, directConnection=True, **times, **account)

    def _is_primary(self) -> bool:
        """Check for a primary, and do the next missing step towards one."""
        with self._client() as client:
            try:
                hello = client.admin.command("hello")
                if hello.get("isreplicaset"):
                    self._initiate(client)
            except OperationFailure:
                self._follow_port()
                return False
            except PyMongoError:
                return False
        return bool(hello.get("isWritablePrimary"))

    def _initiate(self, client: Client) -> None:
        """Initiate the replica set. mongod allows this without an account as long as it has none (localhost exception)."""
        member = {"_id": 0, "host": f"{LOCAL}:{self.port}"}
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})

    def _follow_port(self) -> None:
        """Correct the port in the replica set after a change: mongod does not find itself under the old one."""
        with suppress(PyMongoError), self.administrator() as client:  # it may still be starting; the next check tries again
            config = client.admin.command("replSetGetConfig")["config"]
            config["members"][0]["host"] = f"{LOCAL}:{self.port}"
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _make_administrator(self) -> None:
        try:
            with self._client() as client:
                roles = [{"role": "root", "db": "admin"}]
                client.admin.command("createUser", ADMINISTRATOR, pwd=self.home.secret("mongo-admin"), roles=roles)
        except OperationFailure:
            with self.administrator() as client:  # succeeds if the administrator exists already
                client.admin.command("usersInfo", ADMINISTRATOR)
