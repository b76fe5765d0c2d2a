"""The outsiders' gate, by its own files, with a real haproxy: a crowd from one address keeps nobody else out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.http.entrypoint import ANSWER_SECONDS
from ngao.deployment.authority import Authority
from tests.support.behind_the_gate import ROOT

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(180)]


@pytest.fixture(scope="module", params=["tls", "plain"])
def met(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What clients of the gate met, each from an address of its own, in a network that nobody else is in."""
    folder = tmp_path_factory.mktemp("gate")
    _write_certificate(folder)
    alone = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("THE GATE WAS NOT TESTED: this machine gives nobody a network of their own")
    done = subprocess.run(
        [*alone, sys.executable, "-W", "ignore", "-m", "tests.support.behind_the_gate", request.param, str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _write_certificate(folder: Path) -> None:
    authority = Authority.new()
    pair = authority.server("intake", ("intake", "referral", "console", "localhost", "127.0.0.1"))
    for name, text in (("ca.pem", authority.certificate_pem), ("cert.pem", pair.certificate), ("key.pem", pair.key)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


def test_a_silent_crowd_keeps_nobody_out(met: dict[str, Any]) -> None:
    silent = met["silent"]
    assert set(silent["answers"]) == {"202"}, silent
    assert silent["slowest"] < 2
    assert 0 < silent["kept"] <= 101
    assert silent["kept_longer"] == 0


def test_a_crowd_at_the_brokers_door_keeps_nobody_out_of_the_reports(met: dict[str, Any]) -> None:
    silent = met["silent_amqp"]
    assert set(silent["answers"]) == {"202"}, silent
    assert silent["kept"] <= 61
    assert silent["kept_longer"] == 0


def test_a_flood_of_requests_for_health_keeps_nobody_out(met: dict[str, Any]) -> None:
    flood = met["flood"]
    assert flood["crowd"], flood
    assert set(flood["answers"]) == {"202"}, flood
    assert flood["slowest"] < ANSWER_SECONDS, flood


def test_what_operators_do_and_how_a_service_is_are_behind_no_door_of_outsiders(met: dict[str, Any]) -> None:
    doors = met["doors"]
    assert doors["health"] == [404] * 12
    assert doors["operator"] == [404] * 3
    assert doors["partner"] == 200


def test_a_web_page_is_behind_a_door_of_its_own(met: dict[str, Any]) -> None:
    assert met["doors"]["page"] == 200


def test_wrong_keys_are_counted_for_the_address_they_come_from(met: dict[str, Any]) -> None:
    status, took = met["guesses"]["stranger"]
    assert status == 401
    assert took < met["guesses"]["slowed"] / 2, met["guesses"]
