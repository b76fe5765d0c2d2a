"""The demo for real, then every bash block of the pages on the platform that it has left running, then its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.launcher import borrowed
from tests.support.pages import ON_ENGINE, ROOT, blocks, pages, script

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
# What a page must have shown by its end, beside that no command of it failed.
SHOWN = {
    "README.md": ('"duplicate":false', '"code":"unknown_code"', "intake.report.receipt.v1 NG-"),
    "docs/tutorial/first-referral.md": (
        "The broker accepts this account: partner turkana-legal.",
        '"duplicate":true',
        "may be reached; phone numbers: 1",
        "turkana-legal is at work on legal_aid.",
        "is recalled",
    ),
    "docs/how-to/look-after-parked-messages.md": ("undecodable", "The content is destroyed."),
    "docs/how-to/change-policy.md": ("asked_for_a_doctor", "No service reads", "doctors is not in its list"),
    "docs/how-to/write-a-mapping-profile.md": ('"mapping_version":"kiswahili-form-1"', '"left_out":[{"field":', "acts-1"),
    "docs/how-to/onboard-a-source.md": ("Reports over AMQP are sealed", "intake.report.receipt.v1 NG-"),
}

# The last one marks what this run has started, so that nothing of it outlives a run that is killed.
_GIVEN = ("NGAO_RABBITMQ_SERVER", "NGAO_MONGOD", "NGAO_CACHE", "NGAO_TEST_RUN")


@dataclass(frozen=True)
class Copy:
    """A platform of this module's own."""

    home: Path
    environment: dict[str, str]

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; both streams in `stdout`, as a terminal shows them. What it leaves behind is ended with it."""
        with subprocess.Popen(
            command, cwd=ROOT, env={**self.environment, **more}, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            try:
                said, _ = process.communicate(timeout=200)
            finally:
                end_group(process.pid)
        return subprocess.CompletedProcess(command, process.returncode, said)

    def processes(self) -> list[str]:
        """The command lines of processes that name this home, in arguments or environment."""
        return [line for pid in living() if str(self.home) in of(pid, "environ") + (line := of(pid, "cmdline"))]


def living() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and int(path.name) != os.getpid()]


def of(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Ended whatever happened."""
    folder = tmp_path_factory.mktemp("demo")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NGAO_", "PYTHON", "COLUMNS"))}
    given = {name: os.environ[name] for name in _GIVEN if name in os.environ}
    made = Copy(folder / "home", {**kept, **given, **borrowed(folder), "NGAO_HOME": str(folder / "home")})
    yield made
    down = made.run("bin/ngao", "down")
    left = made.processes()
    shutil.rmtree(made.home, ignore_errors=True)
    assert down.returncode == 0, down.stdout
    assert "Nothing of Ngao is running." in down.stdout
    assert left == []


@pytest.fixture(scope="module")
def demo(copy: Copy) -> subprocess.CompletedProcess[str]:
    return copy.run("bin/ngao", "demo")


@pytest.fixture(scope="module")
def running(copy: Copy, demo: subprocess.CompletedProcess[str]) -> Copy:
    assert demo.returncode == 0, demo.stdout[-3000:]
    return copy


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


@pytest.mark.parametrize("page", [page for page in pages() if page not in ON_ENGINE and list(blocks("bash", page))], ids=str)
def test_every_command_of_a_page_works(running: Copy, page: Path) -> None:
    done = running.run("bash", "-c", script(page))
    assert done.returncode == 0, done.stdout[-4000:]
    assert [line for line in SHOWN.get(str(page), ()) if line not in done.stdout] == []
