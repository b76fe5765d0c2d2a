"""Options, the one deployment that all tests of this folder share, and the table at the end."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.compose.engine import docker
from tests.compose.engine.deployment import Deployment
from tests.compose.engine.docker import Tell
from tests.compose.engine.site import Site, site_of
from tests.compose.engine.tally import Tally
from tests.faults.engine import tables

_BEGAN = time.monotonic()
_TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("compose", "the deployment under test")
    group.addoption("--only", action="append", default=[], metavar="FAULT", help="only this fault; may be given again")
    group.addoption("--seed", type=int, default=1, help="chooses the mix of the load and the moments")
    group.addoption("--keep", action="store_true", help="leave the deployment running at the end, and say how to remove it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The pages bring up a deployment of their own: they go first, so that it is gone before the one of all others comes."""
    items.sort(key=lambda item: item.path.name != "test_pages.py")
    only = config.getoption("--only", [])
    if only:
        items[:] = [each for each in items if getattr(each, "callspec", None) and each.callspec.params.get("fault") in only]


def pytest_terminal_summary(config: pytest.Config) -> None:
    if _TALLY in config.stash:
        config.stash[_TALLY].tell(tables.console())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After a failure, what the containers were and what the sick ones said last."""
    report = yield
    given = getattr(item, "funcargs", {})
    deployment = given.get("deployment") or given.get("place")
    if report.failed and deployment is not None:
        for line in deployment.last_words():
            tell_progress(line)
    return report


def tell_progress(line: str) -> None:
    """Progress, as it happens."""
    os.write(2, f"{time.monotonic() - _BEGAN:5.0f} s  {line}\n".encode())


@pytest.fixture(scope="session")
def tell() -> Tell:
    return tell_progress


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    return pytestconfig.stash.setdefault(_TALLY, Tally())


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Everything this run writes, and nothing afterwards. A run that is asked to end leaves as it does after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    made = Path(tempfile.mkdtemp(prefix="ngao-compose-"))
    yield made
    signal.signal(signal.SIGTERM, before)
    if not pytestconfig.getoption("--keep"):
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(tell: Tell, folder: Path) -> Iterator[None]:
    """A container engine."""
    try:
        with docker.engine(tell, folder):
            yield
    except docker.NoEngine as error:
        pytest.skip(f"THE DEPLOYMENT WAS NOT TESTED: {error}")


@pytest.fixture(scope="session")
def deployment(engine: None, folder: Path, tell: Tell, pytestconfig: pytest.Config) -> Iterator[Deployment]:
    """A copy of this checkout with its secrets made, then its images built: a build that took secrets in would show."""
    made = Deployment(folder, tell)
    try:
        made.copy()
        made.init_secrets()
        tell("building the images")
        made.build()
        yield made
    finally:
        if pytestconfig.getoption("--keep"):
            tell(f"kept: cd {made.checkout} && {' '.join(docker.compose_command())} down --volumes; rm -r {folder}")
        else:
            tell("removing containers, networks, volumes and the services' image")
            made.remove()


@pytest.fixture(scope="session")
def site(deployment: Deployment, tell: Tell, tally: Tally) -> Iterator[Site]:
    """Up, with officers, partners and a source."""
    tell("up")
    began = time.monotonic()
    tally.lines["from `up` to all containers well"] = f"{deployment.up():.0f} s"
    deployment.up_mail()
    images = sorted({each["Config"]["Image"] for each in deployment.containers()})
    tally.lines["images"] = ", ".join(f"{name} {docker.inspect(name)[0]['Size'] / 1e6:.0f} MB" for name in images)
    with site_of(deployment, began) as made:
        made.settle()
        yield made


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--seed"))
