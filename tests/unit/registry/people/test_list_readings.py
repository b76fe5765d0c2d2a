"""What the audit has on record about who saw a person, without anything of the person."""

from __future__ import annotations

from datetime import UTC, datetime

from services.registry.people.list_readings import readings_answer
from services.registry.people.responses import ReadingsShown

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_each_reading_has_who_when_which_and_why_and_no_reference_of_the_person() -> None:
    acts = [
        {"actor": "operator:amina", "at": AT, "action": "contact.read", "subject": "DEF-1",
         "detail": {"reason": "case_work", "despite": "safety_check", "case": "NG-1", "shown": "values"}},
        {"actor": "operator:juma", "at": AT, "action": "defender.read", "subject": "DEF-1",
         "detail": {"reason": "correction", "shown": "values"}},
    ]  # fmt: skip
    answer = ReadingsShown().dump(readings_answer(31, acts))
    assert answer["times"] == 31
    assert [(each["by"], each["action"], each["reason"], each.get("despite")) for each in answer["readings"]] == [
        ("operator:amina", "contact.read", "case_work", "safety_check"), ("operator:juma", "defender.read", "correction", None),
    ]  # fmt: skip
    assert "DEF-1" not in str(answer)
