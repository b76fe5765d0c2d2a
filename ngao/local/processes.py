"""Processes that outlive the command that started them, and that can be stopped without ever hitting another process.

A process is identified by its id, its start time (field 22 of /proc/<pid>/stat) and the machine's boot, because ids are
reused. It writes them to a file itself before it execs the program, so that a crash of ours leaves no unknown process.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ngao.chassis.errors import Unavailable
from ngao.deployment.polling import wait_until

STORE_ENDS_WITHIN_S = 60.0
"""A broker or database writes what it has in memory before it ends; after this long it is killed."""
_YIELDS = 5
"""A nice value: its weight is a third of that of 0 (sched(7))."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_BECOME = 'cat /proc/$$/stat /proc/sys/kernel/random/boot_id > "$0.new" && mv "$0.new" "$0" && exec "$@"'


@dataclass(frozen=True)
class Stat:
    """The kernel's record of a process: its state letter, group, session and start (clock ticks since boot)."""

    pid: int
    state: str
    group: int
    began: int

    @classmethod
    def parse(cls, text: str) -> Stat:
        """Parse a line of /proc/<pid>/stat. The program's name in it may contain spaces and brackets."""
        head, _, tail = text.rpartition(")")
        fields = tail.split()
        return cls(int(head.split("(", 1)[0]), fields[0], int(fields[2]), int(fields[19]))


@dataclass(frozen=True)
class Process:
    """One process of the runtime: its name, and the file that identifies it."""

    name: str
    directory: Path

    @property
    def file(self) -> Path:
        """The file that the process writes its identity to."""
        return self.directory / f"{self.name}.process"

    def start(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str], cwd: Path, yields: bool = False
    ) -> None:
        """Start it in its own session, with its output appended to the log. Raises Unavailable if it cannot be started.

        One that `yields` gets a third of the processor time of another, if there is not enough for both.
        """
        self.file.unlink(missing_ok=True)
        slower = ["/usr/bin/nice", "-n", str(_YIELDS)] if yields else []
        with log.open("ab") as output:
            subprocess.run(
                ["/usr/bin/setsid", "--fork", *slower, "/bin/sh", "-c", _BECOME, str(self.file), *command],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=cwd,
            )
        if not wait_until(self.file.exists, 5):
            raise Unavailable(f"{self.name} could not be started. See {log}.")
        if yields and (pid := self.pid()):
            with suppress(OSError):  # a kernel without autogroups; with them, sessions share by their groups' nice values
                Path(f"/proc/{pid}/autogroup").write_text(str(_YIELDS))

    def pid(self) -> int | None:
        """Return its id while it lives."""
        known = self._known()
        now = known and _stat(known.pid)
        return known.pid if known and now and now.began == known.began and now.state != "Z" else None

    def becomes(self, ready: Callable[[], bool], within_s: float, pause_s: float) -> bool:
        """Wait until it is ready. Return False if it ends first or takes too long."""
        return wait_until(lambda: self.pid() is None or ready(), within_s, pause_s) and self.pid() is not None

    def members(self) -> list[int]:
        """Return the living processes of its group, which may outlive it."""
        known = self._known()
        if known is None:
            return []
        leader = _stat(known.pid)
        if leader is not None and leader.began != known.began:
            return []  # the id is another process's: the kernel reuses it only when the whole group is gone
        stats = (_stat(int(folder.name)) for folder in Path("/proc").glob("[0-9]*"))
        return [stat.pid for stat in stats if stat and stat.group == known.pid and stat.state != "Z"]

    def stop(self, patience_s: float = 30) -> bool:
        """Terminate its group, then kill it. Return False if nothing ran. Raises Unavailable if it survives."""
        if not self.members():
            self.file.unlink(missing_ok=True)
            return False
        self._signal(signal.SIGTERM)
        if not wait_until(lambda: not self.members(), patience_s):
            self._signal(signal.SIGKILL)
            if not wait_until(lambda: not self.members(), 10):
                raise Unavailable(f"{self.name} does not end, even after SIGKILL.")
        self.file.unlink(missing_ok=True)
        return True

    def _signal(self, number: int) -> None:
        known = self._known()
        if known and self.members():
            with suppress(ProcessLookupError):
                os.killpg(known.pid, number)

    def _known(self) -> Stat | None:
        """Return the identity that it wrote, unless the machine was rebooted since."""
        try:
            line, boot = self.file.read_text("utf-8").splitlines()
        except (FileNotFoundError, ValueError):
            return None
        return Stat.parse(line) if boot == _BOOT.read_text("utf-8").strip() else None


def _stat(pid: int) -> Stat | None:
    try:
        return Stat.parse(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None
