"""What was typed about a person, as the registry reads it."""

from __future__ import annotations

from services.console.defenders.model import identity_of


def test_each_line_is_a_value_and_empty_fields_state_nothing() -> None:
    typed = {"name": " Mary Wanjiku \r\nMama Njeri\n\n", "phone": "0700000001", "email": "  ", "reason": "case_work"}
    assert identity_of(typed) == {"names": ["Mary Wanjiku", "Mama Njeri"], "phones": ["0700000001"]}
    assert identity_of({}) == {}
