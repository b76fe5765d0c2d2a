"""Inputs modelled on the field, with fresh ids and dates: tests/cases holds the files."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[1] / "cases"
_BEFORE = re.compile(r"@-(\d+)([hd])")


def case(name: str) -> dict[str, Any]:
    """One file, e.g. `update/moved`; `@id` is fresh, `@-1h` and `@-20d` are moments before now."""
    text = (CASES / f"{name}.json").read_text("utf-8").replace("@id", secrets.token_hex(8))
    return dict(json.loads(_BEFORE.sub(_moment, text)))


def _moment(found: re.Match[str]) -> str:
    count, unit = int(found[1]), found[2]
    before = timedelta(hours=count) if unit == "h" else timedelta(days=count)
    return (datetime.now(UTC) - before).isoformat(timespec="seconds")
