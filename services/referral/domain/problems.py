"""A field of a partner's reply that cannot be taken, as the partner gets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One field by JSON pointer (RFC 6901) and code; never with its value."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The form in which it travels."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}
