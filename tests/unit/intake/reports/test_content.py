"""What makes two posts say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ngao.kernel.consent import Statement
from services.intake.reports.draft import Draft, Person, Place, Violation, content_as_received, content_to_hash

DRAFT = Draft(
    "e1", datetime(2026, 3, 1, 9, tzinfo=UTC), "self", (Violation("torture"),), Place("iso3166-2", "KE-30"),
    person=Person({"names": ["Mary Example"]}, {"gender": "woman"}), needs=("medical", "legal_aid"), languages=("sw", "en"),
    consents=(Statement("referral", ("contact", "narrative")),), narrative="text",
)  # fmt: skip


@pytest.mark.parametrize("change", [
    {"occurred_at": datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=3)))},
    {"needs": ("legal_aid", "medical")},
    {"languages": ("en", "sw")},
    {"consents": (Statement("referral", ("narrative", "contact")),)},
    {"narrative": " te\u200bxt\x00\r\n"},
    {"person": Person({"names": ["\x1bMary Example "]}, {"gender": "woman"})},
])
def test_another_way_to_write_it_says_the_same(change: dict[str, Any]) -> None:
    assert content_to_hash(replace(DRAFT, **change)) == content_to_hash(DRAFT)


@pytest.mark.parametrize("change", [
    {"narrative": "other"},
    {"narrative": None},
    {"person": Person({"names": ["Jane Example"]}, {"gender": "woman"})},
    {"violations": (Violation("torture", ongoing=True),)},
    {"place": Place("iso3166-2", "KE-01")},
    {"consents": ()},
    {"reporter_role": "witness"},
])
def test_another_fact_says_something_else(change: dict[str, Any]) -> None:
    assert content_to_hash(replace(DRAFT, **change)) != content_to_hash(DRAFT)


def test_a_draft_does_not_show_who_it_is_about() -> None:
    assert "Mary" not in repr(DRAFT)
    assert "text" not in repr(DRAFT)


def test_neither_unicode_form_nor_line_ends_make_another_report() -> None:
    one = replace(DRAFT, narrative="Caf\u00e9\nat nine", person=Person({"names": ["Zo\u00eb Mfano"]}))
    other = replace(DRAFT, narrative="Cafe\u0301\r\nat nine", person=Person({"names": ["Zoe\u0308 Mfano"]}))
    assert content_to_hash(one) == content_to_hash(other)
    assert content_as_received(one) != content_as_received(other)
