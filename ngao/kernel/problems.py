"""An invalid field, as its sender learns of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One invalid field by JSON pointer (RFC 6901) and code; never with the value, which may identify a person."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """Return the form in which it is sent: a member of a problem document's `errors`."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}

    def under(self, prefix: str) -> FieldError:
        """Return the same error, seen from a document that holds this one at `prefix`."""
        return FieldError(prefix + self.pointer, self.code, self.detail)
