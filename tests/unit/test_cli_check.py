"""`ngao check` of a platform that is not running: one cause, each reason in its own row, no wall of failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ngao.deployment.checks.runner import Check, State, after, perform
from ngao.deployment.checks.runtime import ready
from ngao.deployment.naming import SERVICES
from ngao.local.home import Home

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A home in which the platform ran once."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    urls = {name: f"http://127.0.0.1:{port}" for port, name in enumerate(SERVICES, 1)}
    home.remember(services=SERVICES, urls=urls, management="http://127.0.0.1:9")
    return home.root


def check(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NGAO_") or name == "NGAO_VENV"}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "ngao.cli", "check", *arguments], cwd=ROOT, check=False, capture_output=True,
        text=True, env={**kept, "NGAO_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_platform_that_is_not_running_is_one_cause(stopped: Path) -> None:
    done = check(stopped)
    rows = done.stdout.splitlines()
    assert done.returncode == 1
    (failed,) = [row for row in rows if row.startswith(State.FAILED)]
    assert "is not running" in failed
    (left,) = [row for row in rows if row.startswith(State.SKIPPED)]
    assert left.endswith("because of: platform")
    (sentence,) = done.stderr.splitlines()
    assert "is not running" in sentence


def test_as_json_every_check_is_listed_with_the_one_that_failed(stopped: Path) -> None:
    told = json.loads(check(stopped, "--json").stdout)
    assert [each["what"] for each in told["findings"] if each["state"] == State.FAILED] == ["platform"]


def test_checks_that_stand_on_another_are_not_looked_at_when_it_has_failed() -> None:
    def fail() -> str:
        raise OSError(2, "none")

    found = perform([Check("one", fail), *after("one", [Check("two", lambda: "good"), Check("three", lambda: "good", ("two",))])])
    assert [(each.state, each.says) for each in found[1:]] == [(State.SKIPPED, "because of: one")] * 2


def test_a_ready_service_with_a_warning_fails_with_its_sentence() -> None:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"ready": True, "checks": {}, "warnings": {"ladders": "Nobody can be notified."}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        (found,) = perform(ready({"notify": f"http://127.0.0.1:{server.server_port}"}, None))
        server.shutdown()
    assert (found.state, found.says) == (State.FAILED, "Nobody can be notified.")
