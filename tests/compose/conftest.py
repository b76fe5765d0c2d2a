"""Options and the one deployment that all tests of this folder share."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.compose.engine import docker

_BEGAN = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("compose", "the deployment under test")
    group.addoption("--only", action="append", default=[], metavar="FAULT", help="only this fault; may be given again")
    group.addoption("--seed", type=int, default=1, help="chooses the mix of the load, the moments and the victims")
    group.addoption("--keep", action="store_true", help="leave the deployment running at the end and say how to remove it")


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Progress, as it happens."""

    def said(line: str) -> None:
        os.write(2, f"{time.monotonic() - _BEGAN:5.0f} s  {line}\n".encode())

    return said


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Everything this run writes, and nothing afterwards."""
    made = Path(tempfile.mkdtemp(prefix="ngao-compose-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(tell: Callable[[str], None], folder: Path) -> Iterator[None]:
    """A container engine."""
    try:
        with docker.engine(tell, folder):
            yield
    except docker.NoEngine as error:
        pytest.skip(f"THE DEPLOYMENT WAS NOT TESTED: {error}")
