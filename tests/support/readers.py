"""Which fields of an event each reader may see: a table, so that one more is a decision and not an accident."""

from __future__ import annotations

from pathlib import Path

import yaml

from ngao.contracts import Event

TABLE = Path(__file__).with_suffix(".yaml")


class Readers:
    """The table: reader, event type, names of the members of `data` that may hold something."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, list[str]]] = yaml.safe_load(TABLE.read_text("utf-8"))

    def beyond(self, reader: str, event: Event) -> set[str]:
        """What an event shows its reader that the table does not allow. What is empty shows nothing."""
        allowed = self.rows[reader].get(event.type, [])
        return {name for name, value in event.data.items() if value not in (None, "", [], {}, False)} - set(allowed)
