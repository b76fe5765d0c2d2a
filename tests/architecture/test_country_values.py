"""Nothing in the product is tied to one country: counties, numbering, time zone and phone region come from policy files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTRY = re.compile(r"ke-county|\bKE\b|\bAfrica/|\+254|\bNairobi\b", re.IGNORECASE)
DEMO = ("ngao/local/demo/", "ngao/cli/demo.py")
"""The demo tells a story that happens somewhere."""
LANGUAGE_TAGS = re.compile(r"`\w+[-_]KE`")


def test_no_product_file_holds_a_value_of_one_country() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for top in ("ngao", "services")
        for path in sorted((ROOT / top).rglob("*.py"))
        if not str(path.relative_to(ROOT)).startswith(DEMO)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if COUNTRY.search(LANGUAGE_TAGS.sub("", line))
    ]
    assert found == []
