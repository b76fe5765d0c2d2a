"""A platform of a test's own on which the demo has run, and the pages of the documentation followed on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.launcher import borrowed
from tests.support.pages import ON_ENGINE, ROOT, blocks, pages, script

HOW_TO = Path("docs/how-to")
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
    "docs/how-to/work-on-a-case.md": (
        "Saved as note 2 of NG-",
        "corrects note 1",
        "amina owns it, since",
        "needs_interpreter is cleared",
    ),
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


@contextmanager
def opened(folder: Path) -> Iterator[Copy]:
    """Ended whatever happened."""
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


def followed(*, how_to: bool) -> list[Path]:
    """The pages with commands: those of docs/how-to, or all others."""
    shown = [page for page in pages() if page not in ON_ENGINE and list(blocks("bash", page))]
    return [page for page in shown if page.is_relative_to(HOW_TO) is how_to]


def follow(copy: Copy, page: Path) -> None:
    """Run every command of a page; none of them fails, and all that the page promises is shown."""
    done = copy.run("bash", "-c", script(page))
    assert done.returncode == 0, done.stdout[-4000:]
    assert [line for line in SHOWN.get(str(page), ()) if line not in done.stdout] == []
