"""The script that gives compose's demonstration its accounts begins nothing that it cannot finish."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "demo" / "onboard.sh"


@dataclass(frozen=True)
class Checkout:
    """A checkout with a deployment's secrets, whose `ngao` writes down what it is asked and then fails."""

    folder: Path

    @property
    def asked(self) -> Path:
        return self.folder / "asked"

    def run(self, dotenv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / ".env").write_text(dotenv)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NGAO_")}
        script = str(self.folder / "deploy" / "demo" / "onboard.sh")
        return subprocess.run(["sh", script], env=clean | environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for folder in ("bin", "deploy/demo", "secrets/operator"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "deploy" / "demo")
    (tmp_path / "secrets" / "operator" / "ngao.env").write_text("NGAO_EDGE_HTTP=https://localhost:8443\n")
    ngao = tmp_path / "bin" / "ngao"
    ngao.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nexit 1\n')
    ngao.chmod(0o755)
    return Checkout(tmp_path)


@pytest.mark.parametrize("dotenv", ["", "NGAO_APPROVALS=two\n", "NGAO_APPROVALS=single\nNGAO_APPROVALS=two\n"])
def test_where_two_operators_must_agree_it_stops_first_and_names_the_setting(checkout: Checkout, dotenv: str) -> None:
    done = checkout.run(dotenv)
    assert done.returncode != 0
    assert "NGAO_APPROVALS=single" in done.stderr
    assert not checkout.asked.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the accounts are given to the containers' user")
@pytest.mark.parametrize(("dotenv", "environment"), [("NGAO_APPROVALS=single\n", {}), ("", {"NGAO_APPROVALS": "single"})])
def test_where_one_operator_may_do_it_alone_it_begins(checkout: Checkout, dotenv: str, environment: dict[str, str]) -> None:
    checkout.run(dotenv, **environment)
    assert checkout.asked.exists()
