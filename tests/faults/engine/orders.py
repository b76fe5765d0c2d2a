"""Orders from the engine to a service under test: small files in a folder beside the service's settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

POINTS = (
    "in-handler", "before-commit", "in-transaction", "after-commit", "before-publish", "after-publish", "before-ack", "in-move",
)  # fmt: skip


@dataclass(frozen=True)
class Orders:
    """One service's folder of orders."""

    folder: Path

    @classmethod
    def of(cls, settings: Path) -> Orders:
        folder = settings.with_suffix(".orders")
        folder.mkdir(exist_ok=True)
        return cls(folder)

    def give(self, name: str, value: object = "") -> None:
        """Write an order whole."""
        fresh = self.folder / f".{name}"
        fresh.write_text(str(value))
        fresh.replace(self.folder / name)

    def take_back(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def stands(self, name: str) -> bool:
        return (self.folder / name).exists()

    def read(self, name: str) -> str | None:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return None

    def count_down(self, name: str) -> bool:
        """True at the crossing for which the order was given; it is fulfilled by that."""
        text = self.read(name)
        if text is None:
            return False
        left = int(text or 1) - 1
        if left <= 0:
            self.take_back(name)
            return True
        self.give(name, left)
        return False
