"""The demo for real, then every bash block of the pages on the platform that it has left running, then its end.

test_how_to_pages.py follows the pages of docs/how-to, on a platform of its own.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.demo import Copy, follow, followed
from tests.support.staff import Browser

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]

PROMISED = (
    "The platform is still running",
    "haki-legal-nairobi declines legal_aid: no_capacity.",
    "kinga-mtandao did not answer for digital_security in time.",
    "opened the sealed contact: 1 name, 1 phone, 0 e-mail",
    "a broken report: refused, with its fields: refused (/consent/0/purpose, /favourite_colour",
    "A human is notified about monitoring_and_advocacy: no_partner.",
    "it is parked again (2 times); dropped",
    "replayed: accepted",
    "bin/ngao status",
)


def test_the_demo_keeps_all_it_promises(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout[-3000:]
    assert [line for line in PROMISED if line not in demo.stdout] == []
    assert "missing:" not in demo.stdout
    counted = {what: re.search(rf"referrals {what} +(\d+)", demo.stdout)[1] for what in ("accepted", "completed")}
    assert counted["completed"] == counted["accepted"] == "8", "it is shown until the work is done"


def test_the_demos_lines_are_not_wrapped_in_a_pipe(demo: subprocess.CompletedProcess[str]) -> None:
    (onboarding,) = [line for line in demo.stdout.splitlines() if line.startswith("Onboarding")]
    assert onboarding.endswith("three officers")


def test_the_demos_own_curl_line_posts_a_report(running: Copy, demo: subprocess.CompletedProcess[str]) -> None:
    (line,) = [line for line in demo.stdout.splitlines() if line.startswith("curl ")]
    assert '"case_ref":"NG-' in running.run("bash", "-c", line).stdout


def test_a_newcomer_signs_in_with_what_the_demo_has_printed_and_sees_the_cases(
    running: Copy, demo: subprocess.CompletedProcess[str]
) -> None:
    port, name, password = re.search(r"open +http://localhost:(\d+)/\s+name +(\S+)\s+password +(\S+)", demo.stdout).groups()
    browser = Browser(int(port))
    browser.get("/sign-in")
    code = running.run("bin/ngao", "demo-code").stdout.split()[-1]
    assert browser.post("/sign-in", name=name, password=password, code=code).leads_to == "/"
    assert re.search(r'href="/c/NG-\w+"', browser.get("/").text), "the board has a case to open"


@pytest.mark.parametrize("page", followed(how_to=False), ids=str)
def test_every_command_of_a_page_works(running: Copy, page: Path) -> None:
    follow(running, page)
