"""What a search of the audit shows of an entry's detail."""

from __future__ import annotations

import pytest

from ngao.chassis.security.audit_search import codes_of


def test_codes_counts_references_and_times_are_shown() -> None:
    detail = {
        "reason": "case_work", "count": "12", "roles": "duty-officer,watch", "hubs": "", "at": "2026-12-01T01:02:03.004+00:00",
        "linked_to": "DEF-3K7Q", "asked_by": "operator:amina", "trace": "a" * 32,
    }  # fmt: skip
    assert codes_of(detail) == detail


@pytest.mark.parametrize("reason", ["Wanjiku asked for it", "Wanjiku", "lost phone", "x", "0712345678"])
def test_a_reason_in_words_is_left_out(reason: str) -> None:
    assert codes_of({"reason": reason, "sessions": "2"}) == {"sessions": "2"}


def test_any_other_value_with_words_is_left_out() -> None:
    assert codes_of({"note": "call her at home"}) == {}
