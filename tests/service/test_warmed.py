"""Service processes of tests are forked; to a test they are what `subprocess.Popen` would give."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ngao.contracts import SERVICES
from ngao.testing.processes import ROOT, WARMED, World
from ngao.testing.waiting import eventually
from ngao.testing.warmed import Warmed, WarmedProcess

pytestmark = pytest.mark.thorough

SLEEPER = "tests.support.sleeper"


def run(tmp_path: Path, *arguments: str) -> tuple[WarmedProcess, Path]:
    log = tmp_path / "log"
    with log.open("ab") as output:
        return WARMED.start(SLEEPER, arguments, output, {"TMPDIR": str(tmp_path)}), log


def test_no_two_services_of_a_world_get_one_port(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_PORTS", "31980-31999")  # few, so that a second choice of the same is likely
    ports = [world.settings(service)[1] for service in (*SERVICES, *SERVICES)]
    assert len({*ports}) == len(ports)


@pytest.mark.parametrize(
    ("word", "code", "says"), [("ends", 0, ""), ("exits", 75, ""), ("fails", 1, "ValueError: as it was told")]
)
def test_it_ends_with_the_code_of_its_module_and_its_log_says_why(tmp_path: Path, word: str, code: int, says: str) -> None:
    process, log = run(tmp_path, word)
    assert process.wait(20) == code
    assert process.poll() == code
    text = log.read_text()
    assert f"{tmp_path} {word}" in text  # its own variables and arguments
    assert says in text


def test_a_signal_ends_it_and_is_its_code(tmp_path: Path) -> None:
    process, log = run(tmp_path, "sleeps")
    eventually(lambda: "sleeps" in log.read_text(), what="it to run")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL
    process.send_signal(signal.SIGTERM)  # has no process to reach any more


def test_another_one_forks_when_the_first_was_ended(tmp_path: Path) -> None:
    warmed, log = Warmed(ROOT), tmp_path / "log"
    codes, parents = [], []
    for _ in range(2):
        with log.open("ab") as output:
            process = warmed.start(SLEEPER, ["sleeps"], output)
        parents.append(int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[1]))
        os.kill(parents[-1], signal.SIGKILL)
        codes.append(process.wait(20))  # it lives on, and its end is unknown
        os.kill(process.pid, signal.SIGKILL)
    assert codes == [-signal.SIGKILL] * 2
    assert len(set(parents)) == 2


def test_it_ends_with_the_process_that_has_started_it(tmp_path: Path) -> None:
    starts = (
        "import os, sys\nfrom pathlib import Path\nfrom ngao.testing.warmed import Warmed\n"
        "log = Path(sys.argv[1]).open('ab')\n"
        "process = Warmed(Path.cwd()).start('tests.support.sleeper', ['sleeps'], log)\n"
        "print(process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", starts, str(tmp_path / "log")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=False)
    pid = int(done.stdout)
    eventually(lambda: not Path(f"/proc/{pid}").exists(), what="the end of what was started")


def test_a_process_whose_end_is_not_known_yet_may_be_signalled() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    reading, writing = os.pipe()
    try:
        process = WarmedProcess(ended.pid, reading)
        process.send_signal(signal.SIGCONT)
        assert process.poll() is None
    finally:
        os.close(reading)
        os.close(writing)


_ENDS_WHILE_THE_HUB_RUNS = """
import os
from ngao.testing import forks
from ngao.testing.warmed import NUMBER_BYTES
import ngao.run
from eventlet.hubs import get_hub
import eventlet
forks_here = forks._Forks(None)
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os._exit(3)
forks_here._running[pid] = theirs
while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
    pass
get_hub().schedule_call_global(0, forks_here._collect)
eventlet.sleep(0.1)
print(int.from_bytes(os.read(ours, NUMBER_BYTES), signed=True))
"""


def test_the_end_of_a_process_is_reported_while_the_hub_waits() -> None:
    """The signal of a child's end comes at any moment, and a hub that runs must not be asked to wait."""
    command = [sys.executable, "-W", "ignore", "-c", _ENDS_WHILE_THE_HUB_RUNS]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "3"), ended.stderr[-500:]
