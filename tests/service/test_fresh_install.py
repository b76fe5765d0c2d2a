"""A fresh install shows that nobody can be notified, and the command that it shows ends that."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngao.cli.approvals import SINGLE
from ngao.testing.processes import ROOT

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]

ADD_AN_OFFICER = re.compile(r"`bin/ngao (officer add [^`]*)`")


class Install:
    """Broker, store and notify in a home of their own, run by the commands that an operator types."""

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NGAO_")}
        ours = {name: os.environ[name] for name in ("NGAO_CACHE", "NGAO_VENV") if name in os.environ}
        self._environment = {**kept, **ours, "NGAO_HOME": str(home), "NGAO_SERVICES": "notify", "PYTHONPATH": str(ROOT)}

    def ngao(self, *arguments: str, **more: str) -> str:
        """All that a command prints that succeeds; its lines are not folded."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "ngao.cli", *arguments], cwd=ROOT, check=False, capture_output=True,
            text=True, env={**self._environment, "COLUMNS": "500", **more}, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    made = Install(tmp_path / "home")
    try:
        yield made
    finally:
        made.ngao("down")


def test_a_fresh_install_names_the_command_that_ends_that_nobody_can_be_notified(install: Install) -> None:
    for printed in (install.ngao("up"), install.ngao("status"), install.ngao("up")):
        assert all(ladder in printed for ladder in ("critical", "high", "daily")), printed
        (command,) = ADD_AN_OFFICER.findall(printed)
    install.ngao(*shlex.split(command.replace("ADDRESS", "grace@example.org")))
    for printed in (install.ngao("status"), install.ngao("restart", "notify")):
        assert not ADD_AN_OFFICER.findall(printed)


def test_the_choice_of_two_operators_outlives_the_shell_that_made_it(install: Install) -> None:
    install.ngao("up")
    assert SINGLE in install.ngao("status")
    assert demanded(install) == "single"
    install.ngao("up", NGAO_APPROVALS="two")
    assert demanded(install) == "two"
    install.ngao("restart", "notify")
    assert demanded(install) == "two"
    assert SINGLE not in install.ngao("status")
    install.ngao("up", NGAO_APPROVALS="single")
    assert demanded(install) == "single"


def demanded(install: Install) -> str:
    """What the running service demands."""
    return "single" if SINGLE in install.ngao("approval", "list", "notify") else "two"
