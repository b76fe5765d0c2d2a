"""What is typed about a plan becomes the registry's form of it, and a saved version becomes what is typed again."""

from __future__ import annotations

import pytest

from services.console.protection.model import assessment_of, field_refused, latest_of, rows, typed_of, which_of
from services.registry.protection.requests import AssessmentToSave

TYPED = {
    "seen": "2", "threat_0": " A car outside ", "threat_0_likelihood": "likely", "threat_0_impact": "severe",
    "threat_1": "", "threat_2": "A call at night", "threat_2_likelihood": "possible", "threat_2_impact": "minor",
    "vulnerability": "high", "vulnerabilities": "Lives alone\n\n  No lock ", "capacity": "low", "capacities": "",
    "measure_1": "A lock", "measure_1_responsible": "staff:amina", "measure_1_until": "2026-12-10", "review_on": "2026-12-20",
}  # fmt: skip
HISTORY = [{"about": "person", "number": 2}, {"about": "family", "number": 1}, {"about": "person", "number": 1}]


def test_what_is_typed_is_taken_by_the_registry_and_empty_rows_are_left_out() -> None:
    loaded = AssessmentToSave().load(assessment_of(TYPED))
    assert [each["words"] for each in loaded["threats"]] == ["A car outside", "A call at night"]
    assert [(each["words"], each["responsible"], each["state"]) for each in loaded["measures"]] == [
        ("A lock", "staff:amina", "planned")
    ]
    assert (loaded["vulnerabilities"], loaded["capacities"], loaded["seen"]) == (["Lives alone", "No lock"], [], 2)


def test_a_row_that_is_half_filled_is_refused_by_the_registry() -> None:
    assert set(AssessmentToSave().validate(assessment_of({**TYPED, "measure_1_until": ""}))) == {"measures"}
    assert set(AssessmentToSave().validate(assessment_of({**TYPED, "threat_0": "", "threat_2": ""}))) == {"threats"}


def test_a_saved_version_comes_into_the_form_without_its_review_date_and_leaves_it_the_same() -> None:
    content = {name: value for name, value in assessment_of(TYPED).items() if name not in ("seen", "review_on")}
    typed = typed_of({"number": 3, "content": content})
    assert "review_on" not in typed
    again = assessment_of({**typed, "review_on": "2026-12-20"})
    assert again == {**content, "seen": 3, "review_on": "2026-12-20"}


def test_a_form_has_empty_rows_beside_those_that_are_filled() -> None:
    assert (len(rows({}, "threat")), len(rows(TYPED, "threat")), len(rows(TYPED, "measure"))) == (2, 5, 5)


def test_only_a_version_that_exists_is_chosen() -> None:
    assert which_of("person.2", HISTORY) == ("person", 2)
    assert which_of("person.3", HISTORY) is None
    assert which_of("../person", HISTORY) is None
    assert [latest_of({"history": HISTORY}, about) for about in ("person", "family", "organisation")] == [2, 1, 0]


@pytest.mark.parametrize(("pointer", "field"), [
    ("/threats/0/likelihood", "threats"), ("/measures", "measures"), ("/review_on", "review_on"), ("/seen", "other"),
])  # fmt: skip
def test_the_part_that_was_refused_has_a_sentence(pointer: str, field: str) -> None:
    assert field_refused([{"pointer": pointer}]) == field
    assert field_refused([]) == "other"
