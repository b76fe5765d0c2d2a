"""What several files here stand on: intake or the probe as a process, its database, a line to the broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymongo
import pytest

from ngao.contracts import subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from tests.support.intake import NEWS, onboard
from tests.support.readers import Readers
from tests.support.relay import Way
from tests.support.told import HEARS


@pytest.fixture(scope="module")
def way(world: World) -> Iterator[Way]:
    """A way to the broker that a test closes; only what is led by it takes it."""
    made = Way(world)
    yield made
    made.end()


@pytest.fixture(scope="module")
def intake(world: World) -> Iterator[ServiceProcess]:
    """Intake, and queues that hear its news for three services that do not run."""
    provision(world, {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS, "notify": NEWS[:2]})
    settings, port = world.settings("intake")
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def key(intake: ServiceProcess, world: World) -> str:
    """Of a source that posts over HTTP."""
    return onboard(intake, world, "forms")


@pytest.fixture(scope="module")
def probe(world: World) -> Iterator[ServiceProcess]:
    """The probe service, in referral's place."""
    provision(world, HEARS)
    settings, port = world.settings("referral")
    process = ServiceProcess(settings, port, "tests.support.probe").start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def store(world: World, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The database of the service that the module names as `STORE_OF`."""
    client: Any = pymongo.MongoClient(world.parts.mongo)
    yield client[world.database(request.module.STORE_OF)]
    client.close()


@pytest.fixture(scope="session")
def readers() -> Readers:
    """Who may see what."""
    return Readers()


@pytest.fixture
def line(world: World) -> Line:
    """To the internal virtual host."""
    return Line(world)
