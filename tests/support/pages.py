"""The documentation as tests see it: pages, and the fenced blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ON_ENGINE = (Path("docs/how-to/deploy.md"),)
"""Pages whose commands need a container engine: no test runs them yet."""
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: where it begins, in which language, and what it says."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README.md, then docs in the order of their names, without what is generated."""
    return [Path("README.md"), *sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))]


def blocks(language: str, page: Path | None = None) -> Iterator[Block]:
    """The blocks of a language, of one page or of all."""
    for each in [page] if page else pages():
        text = (ROOT / each).read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found[1] == language:
                yield Block(each, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def script(page: Path) -> str:
    """All bash blocks of a page as one script, as a reader's terminal would see them; each says where it is."""
    parts = [f"echo '--- {block}' >&2\n{block.text}" for block in blocks("bash", page)]
    return "\n".join(["set -euo pipefail", *parts])
