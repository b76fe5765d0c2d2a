"""W3C Trace Context, version 00 (w3.org/TR/trace-context): one request or event can be followed across all services.

A trace is carried as its header text, because that is the form in which it travels in HTTP, in events and in the outbox.
"""

from __future__ import annotations

import re
import secrets

_TRACEPARENT = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$")


def new() -> str:
    """Begin a new trace."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def parse(header: str | None) -> str | None:
    """Return a foreign `traceparent` unchanged, or None when there is none or it is invalid."""
    return header if header and _TRACEPARENT.fullmatch(header) else None


def child(parent: str | None) -> str:
    """Return the next step in a trace: same trace id, a new span id; without a valid parent, a new trace."""
    found = _TRACEPARENT.fullmatch(parent or "")
    return f"00-{found[1]}-{secrets.token_hex(8)}-{found[3]}" if found else new()


def trace_id(traceparent: str | None) -> str | None:
    """Return the 32 hex digits that all steps of a trace share: an operator searches the logs for them."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else None
