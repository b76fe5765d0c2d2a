"""A platform for each module that follows pages: two workers can do so side by side."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.support.demo import Copy, opened


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with opened(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture(scope="module")
def demo(copy: Copy) -> subprocess.CompletedProcess[str]:
    return copy.run("bin/ngao", "demo")


@pytest.fixture(scope="module")
def running(copy: Copy, demo: subprocess.CompletedProcess[str]) -> Copy:
    """The platform that the demo has left running."""
    assert demo.returncode == 0, demo.stdout[-3000:]
    return copy
