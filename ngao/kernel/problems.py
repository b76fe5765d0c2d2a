"""A broken field, as its sender gets to know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One broken field by JSON pointer (RFC 6901) and code; never with the value, which may identify someone."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The form in which it travels: a member of a problem document's `errors`."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}

    def under(self, prefix: str) -> FieldError:
        """The same error, seen from a document that holds this one at `prefix`."""
        return FieldError(prefix + self.pointer, self.code, self.detail)
