"""The codes that a page lists for outsiders are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from services.intake.reports.progress import WORDS
from services.referral.offers.model import Verb

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
SOURCES, PARTNERS = (HOW_TO / f"{name}.md" for name in ("post-reports-as-a-source", "receive-referrals-as-a-partner"))


def first_cells(page: Path, heading: str) -> list[str]:
    """The code in the first cell of each row of the first table after a heading."""
    table = page.read_text("utf-8").partition(heading)[2].partition("|---")[2]
    return re.findall(r"^\| `(\w+)` \|", table.partition("\n\n")[0], re.MULTILINE)


def test_a_source_reads_every_status_of_its_report() -> None:
    assert set(first_cells(SOURCES, "## 4. Read its status")) == {"received", "withdrawn", *WORDS.values()}


def test_a_partner_reads_every_reply() -> None:
    assert set(first_cells(PARTNERS, "**Reply** with")) == {verb.value for verb in Verb}


@pytest.mark.parametrize("codes", [DECLINE_REASONS, FAIL_REASONS, OUTCOMES])
def test_a_partner_reads_every_code_of_a_reply(codes: tuple[str, ...]) -> None:
    assert f"| {', '.join(codes)} |" in PARTNERS.read_text("utf-8")
