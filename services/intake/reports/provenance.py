"""The record of how a profile read a native body, and of what it could not read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOut:
    """Something of a native body that could not be read: the place by JSON pointer and a code; never the value."""

    field: str
    code: str


@dataclass(frozen=True)
class MappedBy:
    """Which profile made the report of a native body, the names of what it dropped, and what of it could not be read."""

    version: str
    discarded: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
