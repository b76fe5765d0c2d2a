"""A broken field of a report, in the form in which the source hears of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One broken field by JSON pointer (RFC 6901) and code; never with its value."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The form in which it travels."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}

    def under(self, prefix: str) -> FieldProblem:
        """The same problem, seen from a document that holds this one at `prefix`."""
        return FieldProblem(prefix + self.pointer, self.code, self.detail)


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
