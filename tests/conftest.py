"""Fixtures on real parts. Nothing here is a stand-in for a broker or a database."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from ngao.testing.processes import World
from ngao.testing.worlds import forget
from tests.support.closed_sockets import Sockets
from tests.support.sharing import Sharing

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if _WORKER:
    # Each worker, and all it starts, has ports of its own: what is free when it is chosen is free when it is used.
    _first = 20000 + 2000 * (int(_WORKER.removeprefix("gw")) % 6)
    os.environ["NGAO_PORTS"] = f"{_first}-{_first + 1999}"

_FAST = tuple(str(Path(__file__).parent / folder) for folder in ("unit", "contract", "architecture"))
_SOCKETS = Sockets()


@pytest.fixture(autouse=True, scope="module")
def _talks_to_nobody(request: pytest.FixtureRequest) -> Iterator[None]:
    """The quick folders need no broker, no store and no network; a module that runs a server of its own says `loopback`."""
    if str(request.path).startswith(_FAST):
        _SOCKETS.close(loopback=request.node.get_closest_marker("loopback") is not None)
    yield
    _SOCKETS.open()


# A busy machine is no fault of an example: what work costs is measured in processor time, elsewhere.
hypothesis.settings.register_profile("ngao", deadline=None)
hypothesis.settings.load_profile("ngao")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Sharing(config))


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A module's own corner: virtual hosts, databases, keys; removed afterwards."""
    made = World(Path(tmp_path_factory.mktemp("world")), secrets.token_hex(4))
    yield made
    forget(made)
