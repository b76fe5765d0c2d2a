"""Remove what a test's world has left on the parts that all tests share."""

from __future__ import annotations

from typing import Any

import pymongo

from ngao.testing.broker import remove
from ngao.testing.processes import World


def forget(world: World) -> None:
    """Remove the virtual hosts and the databases of a world whose services have ended. They need not exist."""
    remove(world)
    with pymongo.MongoClient[Any](world.parts.mongo) as client:
        for name in client.list_database_names():
            if name.startswith(f"test_{world.name}_"):
                client.drop_database(name)
