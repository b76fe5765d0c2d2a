"""Bounds on one source's quarantine, so that a broken form or a hostile source fills no store."""

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
        """Return True if it is full: then the source must post again later, and gets no acknowledgement."""
        return bodies >= self.bodies or size >= self.bytes
