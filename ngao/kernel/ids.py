"""The form of an id of an operator, a person of staff, a partner or a source: it fits a key, a routing key and an address."""

from __future__ import annotations

ID = "[a-z][a-z0-9-]{1,40}"
WHOLE_ID = f"^{ID}$"
"""For what compares by its own anchors."""
CHECKINS_SOURCE = "check-ins"
"""The source id of reports that the registry's check-ins become. No outside system can have it."""
