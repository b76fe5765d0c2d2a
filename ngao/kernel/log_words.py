"""The domain words that a log line may have as codes, those that it never may, and the form of a reference there."""

from __future__ import annotations

SHOWN = frozenset({"case", "county", "offer", "partner", "source", "urgency", "violation"})
HIDDEN = frozenset({"narrative"})
REFERENCE = r"(?:NG|DEF)-[0-9A-HJKMNP-TV-Z]{10}"
"""Of a case, or of a defender as one source knows them."""
