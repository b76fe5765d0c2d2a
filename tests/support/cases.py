"""Inputs modelled on the field, with fresh ids and dates: tests/cases holds the files, and what is right for each."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

CASES = Path(__file__).resolve().parents[1] / "cases"
NAIROBI = ZoneInfo("Africa/Nairobi")
_BEFORE = re.compile(r"@-(\d+)([hd])")
_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def case(name: str, **given: str) -> dict[str, Any]:
    """One file, e.g. `update/moved`, with its marks replaced as `text_of` does."""
    return dict(json.loads(text_of(f"{name}.json", **given)))


def text_of(file: str, **given: str) -> str:
    """One file as text: `@id` is fresh for each report, `@-1h` and `@-20d` are moments before now, `@today` and its like are
    dates in Nairobi, and each name in `given` stands for its value.
    """
    text = (CASES / file).read_text("utf-8")
    for mark, value in _by_length({**_dates(datetime.now(NAIROBI)), **given}):
        text = text.replace(f"@{mark}", value)
    text = _BEFORE.sub(_moment, text)
    lines = text.split("\n") if file.endswith(".ndjson") else [text]
    return "\n".join(line.replace("@id", secrets.token_hex(8)) for line in lines)


def answers(folder: str) -> list[dict[str, Any]]:
    """What is right for the files of a folder, a row each."""
    return list(yaml.safe_load((CASES / folder / "answers.yaml").read_text("utf-8")))


def _dates(now: datetime) -> dict[str, str]:
    return {
        "today": f"{now:%Y-%m-%d}",
        "month": f"{now:%Y-%m}",
        "year": f"{now:%Y}",
        "today+1y": f"{now.replace(year=now.year + 1, day=min(now.day, 28)):%Y-%m-%d}",
        "today-eastern-digits": f"{now:%Y-%m-%d}".translate(_EASTERN),
        "now-utc-naive": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    }


def _by_length(marks: Mapping[str, str]) -> list[tuple[str, str]]:
    """The longest first: one mark may begin with another."""
    return sorted(marks.items(), key=lambda each: -len(each[0]))


def _moment(found: re.Match[str]) -> str:
    count, unit = int(found[1]), found[2]
    before = timedelta(hours=count) if unit == "h" else timedelta(days=count)
    return (datetime.now(UTC) - before).isoformat(timespec="seconds")
