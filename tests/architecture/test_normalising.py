"""What others wrote is normalised in one place, which bounds what that costs."""

from __future__ import annotations

import re

from tests.support.pages import ROOT

DIRECT = re.compile(r"\bunicodedata\.normalize\(|from unicodedata import .*\bnormalize\b")


def test_nothing_but_the_kernels_text_normalises() -> None:
    files = [path for top in ("ngao", "services") for path in (ROOT / top).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in files if DIRECT.search(path.read_text(encoding="utf-8"))}
    assert found == {"ngao/kernel/text.py"}
