"""Links between pages: each leads somewhere, and no page is left that nobody links."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.each import for_each
from tests.support.pages import ROOT, pages

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_GIVEN = re.compile(r'<a id="([^"]+)">')


def text_of(page: Path) -> str:
    return _FENCED.sub("", (ROOT / page).read_text("utf-8"))


def links(page: Path) -> list[tuple[Path, str]]:
    """Where the links of a page lead, and the place on that page; those that leave the repository are not looked at."""
    found = []
    for link in _LINK.findall(text_of(page)):
        if "://" not in link and not link.startswith("mailto:"):
            target, _, anchor = link.partition("#")
            found.append((((ROOT / page).parent / target).resolve() if target else (ROOT / page).resolve(), anchor))
    return found


def anchors(page: Path) -> set[str]:
    """The places of a page, by GitHub's rule: lower case, spaces are hyphens, other signs go but - and _."""
    text = text_of(page)
    headings = {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in _HEADING.findall(text)}
    return headings | set(_GIVEN.findall(text))


@for_each("page", pages(), ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    lost = [(str(target), anchor) for target, anchor in links(page) if not target.exists()]
    lost += [
        (str(target), anchor)
        for target, anchor in links(page)
        if anchor and target.suffix == ".md" and anchor not in anchors(target)
    ]
    assert lost == []


def test_no_page_is_left_that_nobody_links() -> None:
    linked = {target for page in pages() for target, _ in links(page) if target != (ROOT / page).resolve()}
    assert [str(page) for page in pages() if str(page) != "README.md" and (ROOT / page).resolve() not in linked] == []
