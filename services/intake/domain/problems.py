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
