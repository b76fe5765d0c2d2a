"""One platform for all tests of this folder: they share nothing on it but the services, each has a county of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ngao.testing.processes import World
from ngao.testing.worlds import forget
from tests.support.coalition import DEMO_POLICY, Coalition, Source, opened


@pytest.fixture(scope="session")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """The demonstration's deadlines; only the wait for a silent registry is shorter, because a test sits through it."""
    world = World(Path(tmp_path_factory.mktemp("system")), secrets.token_hex(4))
    policy = world.directory / "policy"
    policy.mkdir()
    deadlines = yaml.safe_load((DEMO_POLICY / "deadlines.yaml").read_text()) | {"resolve_by": 10}
    (policy / "deadlines.yaml").write_text(yaml.safe_dump(deadlines))
    with opened(world, (policy,)) as made:
        yield made
    forget(world)


@pytest.fixture(scope="session")
def source(coalition: Coalition) -> Source:
    return coalition.source()


@pytest.fixture(autouse=True)
def _partners_leave(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test's own partners end with it: fifty idle processes would slow all that come after. Those of a module stay."""
    if "coalition" not in request.fixturenames:
        yield
        return
    coalition: Coalition = request.getfixturevalue("coalition")
    before = len(coalition.partners)
    yield
    for partner in coalition.partners[before:]:
        coalition.dismiss(partner)


@pytest.fixture
def county(coalition: Coalition) -> str:
    return coalition.county()
