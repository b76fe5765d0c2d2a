"""Files that are replaced atomically, and edits of KEY=value lines that keep the other lines."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]*")


def write_whole(path: Path, text: str, mode: int = 0o600, *, give: Callable[[Path], None] = lambda _: None) -> None:
    """Write a file so that a reader sees the old text or the new one, and no other user sees either.

    `give` hands the new file to its owner before it replaces the old one.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    _write(fresh, text, mode)
    give(fresh)
    fresh.replace(path)


def write_once(path: Path, text: str, mode: int) -> None:
    """Write a line whole or not at all, and never over an existing file: a link fails where a rename would overwrite."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, text + "\n", mode)
        _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _write(draft: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process made it meanwhile; its content stays
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
