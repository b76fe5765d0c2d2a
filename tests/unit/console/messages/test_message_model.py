"""Where the reference of a message leads."""

from __future__ import annotations

import pytest

from services.console.messages.model import FILTERED, STATES, leads_to


@pytest.mark.parametrize(
    ("subjects", "to"),
    [
        (["NG-4CJY0RRPKP"], "/c/NG-4CJY0RRPKP"),
        (["NG-4CJY0RRPKP", "NG-4CJY0RRPKP"], "/c/NG-4CJY0RRPKP"),
        (["quarantine:kobo:2026-11-30"], "/quarantine"),
        (["DEF-4CJY0RRPKP"], "/d/DEF-4CJY0RRPKP"),
        (["NG-4CJY0RRPKP", "NG-OTHER"], "/messages?reference=7B2C-9F01"),
        ([""], None),
        ([], None),
    ],
)
def test_a_reference_leads_to_the_one_case_that_its_message_is_about(subjects: list[str], to: str | None) -> None:
    assert leads_to([{"case_ref": each} for each in subjects], "7B2C-9F01") == to


def test_every_filter_is_a_state() -> None:
    assert set(FILTERED) <= set(STATES)
