"""Versions of risk assessments: each stays, the last one holds, and who may not see values sees none."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from ngao.chassis.errors import Forbidden, InvalidInput, NotAllowedNow, NotFound
from services.registry.people.finding import known_person
from services.registry.people.keeping import forget
from services.registry.people.register import register_defender, release_defender
from services.registry.protection.manage import (
    read_assessment_values,
    read_assessment_version,
    remove_assessments,
    show_protection_terms,
)
from services.registry.protection.requests import AssessmentToSave
from tests.unit.registry.protection.conftest import ASSESSMENT, MASKED, SEES, WORDS, Desk


def kept_for(desk: Desk) -> list[str]:
    return sorted(known_person(desk.register.open(), desk.ref).root.kept_for)


def test_a_version_holds_with_its_rating_and_the_numbers_that_made_it(desk: Desk) -> None:
    saved = desk.save()
    assert saved["number"] == 1
    assert saved["review_at"].isoformat() == "2026-12-22T08:00:00+03:00"
    (held,) = desk.read()["current"]
    assert held["content"]["threats"][0]["words"] == "Men on a motorcycle follow her home."
    assert held["content"]["measures"][0]["until"] == "2026-11-30"
    assert held["rating"] == {"risk": "extreme", "threat": 9, "vulnerability": 3, "capacity": 1}
    assert held["saved_by"] == "operator:amina"


def test_a_later_version_holds_and_the_earlier_one_stays_as_it_was(desk: Desk) -> None:
    desk.save()
    desk.register.pass_time(days=1)
    desk.save(seen=1, vulnerability="low", capacity="high")
    shown = desk.read()
    assert [(each["number"], each["rating"]["risk"]) for each in shown["current"]] == [(2, "medium")]
    assert [(each["number"], each["is_current"]) for each in shown["history"]] == [(2, True), (1, False)]
    first = read_assessment_version(desk.register.open(SEES), desk.ref, "person", "1", reason="case_work")
    assert (first["content"]["vulnerability"], first["rating"]["risk"]) == ("high", "extreme")


def test_family_and_organisation_have_versions_of_their_own(desk: Desk) -> None:
    for about in ("person", "family", "organisation"):
        assert desk.save(about)["number"] == 1
    assert {each["about"] for each in desk.read()["current"]} == {"person", "family", "organisation"}


def test_who_saves_over_a_version_that_was_not_seen_is_refused_and_nothing_changes(desk: Desk) -> None:
    desk.save()
    with pytest.raises(NotAllowedNow) as refused:
        desk.save(capacities=["Another capacity"])
    assert refused.value.slug == "assessment-changed"
    assert [each["number"] for each in desk.read()["history"]] == [1]


def test_without_the_right_to_see_values_the_content_is_absent(desk: Desk) -> None:
    desk.save()
    shown = desk.read(MASKED)
    assert shown["masked"]
    assert [(each["content"], each["rating"]) for each in shown["current"]] == [(None, None)]
    assert not any(word in repr(shown) for word in WORDS)
    with pytest.raises(Forbidden):
        read_assessment_values(desk.register.open(MASKED), desk.ref, reason="case_work")
    with pytest.raises(Forbidden):
        read_assessment_version(desk.register.open(MASKED), desk.ref, "person", "1", reason="case_work")


def test_a_reading_needs_a_reason_of_policy_and_is_on_record(desk: Desk) -> None:
    desk.save()
    assert read_assessment_values(desk.register.open(SEES), desk.ref, reason="case_work")["current"]
    assert desk.register.heard.details["assessment.read"] == {"reason": "case_work", "shown": "values"}
    with pytest.raises(InvalidInput):
        read_assessment_values(desk.register.open(SEES), desk.ref, reason="curiosity")


def test_the_record_of_saving_has_codes_only(desk: Desk) -> None:
    desk.save("family")
    detail = {"about": "family", "version": "1", "policy": desk.register.policy.protection.version}
    assert desk.register.heard.details["assessment.saved"] == detail


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"threats": [{"words": "x", "likelihood": "often", "impact": "minor"}]}, "/threats/0/likelihood", "unknown_code"),
    ({"threats": [{"words": "x", "likelihood": "likely", "impact": "bad"}]}, "/threats/0/impact", "unknown_code"),
    ({"vulnerability": "huge"}, "/vulnerability", "unknown_code"),
    ({"capacity": "none"}, "/capacity", "unknown_code"),
    ({"measures": [{"words": "x", "responsible": "cousin", "until": "2026-12-01"}]}, "/measures/0/responsible", "unknown_code"),
    ({"review_on": "2026-11-22"}, "/review_on", "not_in_the_future"),
    ({"review_on": "2027-11-22"}, "/review_on", "too_late"),
]


@pytest.mark.parametrize(("changes", "pointer", "code"), WRONG)
def test_what_is_wrong_is_named_and_not_repeated(desk: Desk, changes: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.save(**changes)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [(pointer, code)]
    assert not any(word in str(refused.value.errors) for word in ("often", "bad", "huge", "cousin"))
    assert desk.read()["history"] == []
    assert kept_for(desk) == ["registration"]


@pytest.mark.parametrize("changes", [
    {"threats": []}, {"threats": [{"words": "", "likelihood": "likely", "impact": "minor"}]}, {"review_on": "soon"},
    {"measures": [{"words": "x", "responsible": "Grace Wambui", "until": "2026-12-01"}]}, {"seen": -1}, {"seen": "0"},
])  # fmt: skip
def test_a_form_that_is_not_as_it_should_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AssessmentToSave().load({"seen": 0, **ASSESSMENT, **changes})


def test_an_account_may_be_responsible(desk: Desk) -> None:
    desk.save(measures=[{"words": "x", "responsible": "staff:amina", "until": "2026-12-01", "state": "done"}])
    assert desk.read()["current"][0]["content"]["measures"][0]["responsible"] == "staff:amina"


def test_an_assessment_about_something_else_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        desk.save("neighbour")
    with pytest.raises(NotFound):
        desk.save(ref="DEF-0000000000")
    with pytest.raises(NotFound):
        read_assessment_version(desk.register.open(SEES), desk.ref, "person", "1", reason="case_work")


def test_the_person_is_kept_while_there_is_one_and_not_longer(desk: Desk) -> None:
    desk.save()
    desk.save("family")
    release_defender(desk.register.open(), desk.ref)
    assert kept_for(desk) == ["protection"]
    assert remove_assessments(desk.register.open(SEES), desk.ref, "family")["removed"] == 1
    assert kept_for(desk) == ["protection"]
    remove_assessments(desk.register.open(SEES), desk.ref, "person")
    assert kept_for(desk) == []
    with pytest.raises(NotFound):
        remove_assessments(desk.register.open(SEES), desk.ref, "person")


def test_a_person_who_is_forgotten_leaves_no_version(desk: Desk) -> None:
    desk.save()
    desk.save(seen=1)
    stated = {"names": ["Invented Other Chebet"], "phones": ["+254700000102"]}
    other = register_defender(desk.register.ctx, {"identity": stated})["defender_ref"]
    desk.save(ref=other)
    assert forget(desk.register.open(), desk.ref)["assessments"] == 2
    assert [each.defender_ref for each in desk.register.assessments.kept.values()] == [other]


def test_the_scales_have_labels_in_both_languages(desk: Desk) -> None:
    shown = show_protection_terms(desk.register.open(MASKED))
    every = [each for name in ("likelihood", "impact", "level", "risk", "responsible") for each in shown[name]]
    assert [each["code"] for each in every if {"en", "sw"} - each["label"].keys()] == []
