"""Fixtures on real parts. Nothing here is a stand-in for a broker or a database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest

from tests.support.broker import remove
from tests.support.processes import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A module's own corner: virtual hosts, databases, keys; removed afterwards."""
    made = World(Path(tmp_path_factory.mktemp("world")), secrets.token_hex(4))
    yield made
    remove(made)
    client = pymongo.MongoClient(made.parts.mongo)
    for name in client.list_database_names():
        if name.startswith(f"test_{made.name}_"):
            client.drop_database(name)
    client.close()
