"""What waits in quarantine, and how much of one source may: one whose form is broken, or which is hostile, fills no store."""

from __future__ import annotations

from dataclasses import dataclass, field

NATIVE = "application/vnd.ngao.native+json"
"""What a native body is marked as among the parked messages."""


@dataclass(frozen=True)
class NativeBody:
    """A body as a source posted it, and the `name` by which the source knows it: its Idempotency-Key, if there was one."""

    source_id: str
    content: bytes = field(repr=False)
    name: str | None = None


@dataclass(frozen=True)
class QuarantineBounds:
    """The bodies of one source that may wait, and their bytes."""

    bodies: int = 500
    bytes: int = 32 * 1024 * 1024

    def are_reached(self, bodies: int, size: int) -> bool:
        """Whether no more is taken: then the source is to post again later, and nothing of it is acknowledged."""
        return bodies >= self.bodies or size >= self.bytes
