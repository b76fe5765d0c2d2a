"""Referral's own section of the settings file: `[own]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngao.chassis.errors import Misconfigured


@dataclass(frozen=True)
class OwnSettings:
    """Referral's settings beside the chassis's. `partners_file` is an initial directory."""

    partners_file: Path | None = None

    @staticmethod
    def read(own: Mapping[str, Any]) -> OwnSettings:
        """Check the section. Raises Misconfigured."""
        if unknown := sorted(own.keys() - {"partners_file"}):
            raise Misconfigured(f"The section [own] has unknown keys: {', '.join(unknown)}.")
        first = own.get("partners_file")
        return OwnSettings(Path(first) if first else None)
