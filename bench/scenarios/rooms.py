"""Stores of the platform's own kind in databases of the benchmark, for what is measured without a whole service."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

from bench.stage import Stage
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.deployment.naming import REPLICA_SET
from ngao.local.ports import LOCAL

_ACCOUNT = "bench"


@dataclass(frozen=True)
class Database:
    """One database with an account of its own, as each service has."""

    stage: Stage
    name: str
    password: str

    @classmethod
    def make(cls, stage: Stage, name: str) -> Database:
        """Create the account."""
        made = cls(stage, f"bench_{name}", secrets.token_urlsafe(16))
        with MongoClient[Any](stage.mongo_uri) as client:
            roles = [{"role": "readWrite", "db": made.name}]
            client[made.name].command("createUser", _ACCOUNT, pwd=made.password, roles=roles)
        return made

    def open(self, alias: str) -> Store:
        """Connect mongoengine's alias to it."""
        hosts = f"{LOCAL}:{self.stage.platform.ports['mongo']}"
        settings = StoreSettings(hosts, REPLICA_SET, self.name, _ACCOUNT, self.password, None, 5000)
        return Store(settings, alias=alias)

    def drop(self) -> None:
        """Free the disk."""
        with MongoClient[Any](self.stage.mongo_uri) as client:
            client.drop_database(self.name)


def reading_unit(store: Store) -> Unit:
    """Return a unit of work that only reads, and opens no seal."""
    return Unit(datetime.now(UTC), None, store.lookups)  # type: ignore[arg-type]
