"""The documentation as tests see it: pages, and the fenced blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ON_ENGINE = (
    Path("docs/how-to/deploy.md"),
    Path("docs/how-to/rotate-secrets.md"),
    Path("docs/runbooks/scale.md"),
    Path("docs/runbooks/upgrade.md"),
)
"""Pages that need a container engine: tests/compose/test_pages.py follows them, in this order; tests/docs runs all others."""
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


def parts(page: Path) -> Iterator[Block]:
    """All blocks of a page, in their order."""
    text = (ROOT / page).read_text("utf-8")
    for found in _FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def blocks(language: str, page: Path | None = None) -> Iterator[Block]:
    """The blocks of a language, of one page or of all."""
    for each in [page] if page else pages():
        yield from (block for block in parts(each) if block.language == language)


def prompts(sign: str, *pages_: Path) -> Iterator[str]:
    """What is shown behind a prompt, `$` for anybody and `#` for root; the first line of each command."""
    for each in pages_ or pages():
        for block in blocks("console", each):
            yield from (line[2:].rstrip("\\ ") for line in block.text.splitlines() if line.startswith(f"{sign} "))


def script(page: Path) -> str:
    """All bash blocks of a page as one script, as a reader's terminal would see them; each says where it is."""
    return as_script(blocks("bash", page))


def as_script(shown: Iterable[Block]) -> str:
    """Blocks as one script that ends at the first command that fails."""
    return "\n".join(["set -euo pipefail", *(f"echo '--- {block}' >&2\n{block.text}" for block in shown)])
