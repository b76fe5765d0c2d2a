"""How much of one source may wait in quarantine: a source whose form is broken, or which is hostile, fills no store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QuarantineBounds:
    """The bodies of one source that may wait, and their bytes."""

    bodies: int = 500
    bytes: int = 32 * 1024 * 1024

    def are_reached(self, bodies: int, size: int) -> bool:
        """Whether no more is taken: then the source is to post again later, and nothing of it is acknowledged."""
        return bodies >= self.bodies or size >= self.bytes
