"""Moves the lines of the journal to their places, some time after they were committed and many together."""

from __future__ import annotations

import threading

from ngao.chassis.storage.journal import Journal
from ngao.chassis.timers import guarded

_SWEEP_EVERY_S = 5.0
"""So often it looks for lines of a process that ended before it had moved them."""


class Clerk:
    """One for each process; `run` is its only thread. A line waits `within_s`, so that others can be moved with it."""

    def __init__(self, journal: Journal, within_s: float) -> None:
        self._journal, self._within_s = journal, within_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Move lines until stopped, and then those that are left. A failure is logged, and it is tried again."""
        move = guarded(self._journal.move_all, "move_lines")
        while not self._stopping.is_set():
            if self._journal.has_lines.wait(_SWEEP_EVERY_S):
                self._journal.has_lines.clear()
                self._stopping.wait(self._within_s)
            move()

    def stop(self) -> None:
        """Ask `run` to move what is left and end."""
        self._stopping.set()
        self._journal.has_lines.set()
