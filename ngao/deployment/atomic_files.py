"""Files that are replaced atomically, and edits of KEY=value lines that keep the other lines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]*")


def write_whole(path: Path, text: str, mode: int = 0o600, *, give: Callable[[Path], None] = lambda _: None) -> None:
    """Write a file so that a reader sees the old text or the new one, and no other user sees either.

    `give` hands the new file to its owner before it replaces the old one.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    give(fresh)
    fresh.replace(path)


def merge_variables(text: str, values: Mapping[str, str]) -> str:
    """Set the values of variables and keep every other line, with comments. A new variable comes last."""
    left = dict(values)
    lines = []
    for line in text.splitlines():
        name = line.split("=", 1)[0].strip()
        if name not in values:
            lines.append(line)
        elif name in left:
            lines.append(_line(name, left.pop(name)))
    lines += [_line(name, value) for name, value in left.items()]
    return "\n".join(lines) + "\n"


def read_variables(path: Path) -> dict[str, str]:
    """Read the variables of a file of KEY=value lines. A missing file has none."""
    if not path.exists():
        return {}
    pairs = [line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line and not line.startswith("#")]
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}


def _line(name: str, value: str) -> str:
    """Quote a value so that both versions of compose and a shell read it alike."""
    return f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}='{value}'"
