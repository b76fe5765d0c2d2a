"""Which words of the domain may stand in a log line as codes, and which never may; what a reference looks like there."""

from __future__ import annotations

SHOWN = frozenset({"case", "county", "offer", "partner", "source", "urgency", "violation"})
HIDDEN = frozenset({"narrative"})
REFERENCE = r"(?:NG|DEF)-[0-9A-HJKMNP-TV-Z]{10}"
"""Of a case, or of a defender as one source knows them."""
