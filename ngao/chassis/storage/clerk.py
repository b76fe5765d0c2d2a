"""Appends what is on record to the chains of the audit, soon after it was committed and many acts together."""

from __future__ import annotations

import threading

from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.timers import guarded

_TOGETHER_S = 0.25
_SWEEP_EVERY_S = 5.0
"""So often it looks for lines of a process that ended before it had appended them."""


class Clerk:
    """One for each process; `run` is its only thread."""

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail
        self._stopping = threading.Event()

    def run(self) -> None:
        """Append until stopped, and then what is left. A failure is logged, and it is tried again."""
        append = guarded(self._trail.chain_all, "chain_audit")
        while not self._stopping.is_set():
            if self._trail.has_lines.wait(_SWEEP_EVERY_S):
                self._trail.has_lines.clear()
                self._stopping.wait(_TOGETHER_S)
            append()

    def stop(self) -> None:
        """Ask `run` to append what is left and end."""
        self._stopping.set()
        self._trail.has_lines.set()
