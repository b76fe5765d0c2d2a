"""The KoboToolbox profile, and what the mapping engine does with what it cannot read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.mapping.mapping import Mapped, map_native
from services.intake.policy import load
from services.intake.reports.reading import read_report
from tests.unit.intake.conftest import POLICY

SHIPPED = load([POLICY])
KOBO = SHIPPED.profiles["kobo"]


def body(**changes: Any) -> dict[str, Any]:
    return {
        "_id": 8123, "_uuid": "5b2c", "meta/rootUuid": "uuid:5b2c", "_submitted_by": None, "_geolocation": [-1.28, 36.82],
        "_submission_time": "2026-03-02T08:15:11", "incident/violation_type": "death_threat arrest", "incident/county": "KE-28",
        "incident/date": "2026-03-01", "person/phone": "+254700000001 +254700000002", "person/name": "Mary Example",
        "incident/ongoing": "yes", "consent/referral": "yes", "consent/scope": "contact narrative", "needs": "lawyer",
        **changes,
    }  # fmt: skip


def test_a_submission_becomes_a_report_the_schema_takes() -> None:
    draft = read_report(map_native(KOBO, body()).report, SHIPPED.vocabulary)
    assert draft.source_event_id == "5b2c"
    assert draft.occurred_at.isoformat() == "2026-03-01T00:00:00+03:00"
    assert draft.occurred_precision == "day"
    assert [each.type for each in draft.violations] == ["death_threat_to_defender", "unlawful_arrest"]
    assert all(each.ongoing for each in draft.violations)
    assert draft.person.identity == {"names": ["Mary Example"], "phones": ["+254700000001 +254700000002"], "emails": []}
    assert draft.consents[0].scope == ("contact", "narrative")
    assert draft.needs == ("legal_aid",)


@pytest.mark.parametrize(("missing", "key"), [((), "5b2c"), (("meta/rootUuid",), "5b2c"), (("meta/rootUuid", "_uuid"), "8123")])
def test_the_key_is_root_uuid_then_uuid_then_id(missing: tuple[str, ...], key: str) -> None:
    native = {name: value for name, value in body().items() if name not in missing}
    assert map_native(KOBO, native).report["source_event_id"] == key


def test_what_no_field_takes_is_dropped_and_named() -> None:
    mapped = map_native(KOBO, body(**{"other/question": "x"}))
    assert mapped.discarded == ("_geolocation", "_submission_time", "_submitted_by", "other/question")


def test_a_name_that_could_be_a_value_is_not_repeated() -> None:
    assert map_native(KOBO, {"+254700000001 called": 1, "fine/name": 2}).discarded == ("?", "fine/name")
    assert map_native(KOBO, {"fine/name\n": 2}).discarded == ("?",)


def test_a_wrapper_is_taken_off_and_stays_in_the_pointers() -> None:
    mapped = map_native(KOBO, {"submission": body(**{"incident/ongoing": "perhaps"})})
    assert [(each.field, each.code) for each in mapped.left_out] == [("/submission/incident~1ongoing", "unmapped_value")]


@pytest.mark.parametrize(("change", "pointer", "code"), [
    ({"consent/referral": "maybe"}, "/consent~1referral", "unmapped_value"),
    ({"incident/date": "yesterday"}, "/incident~1date", "format"),
    ({"person/name": {"first": "x"}}, "/person~1name", "wrong_type"),
])
def test_what_cannot_be_read_is_left_out_and_named_by_its_native_pointer(change: dict[str, Any], pointer: str, code: str) -> None:
    mapped = map_native(KOBO, body(**change))
    assert [(each.field, each.code) for each in mapped.left_out] == [(pointer, code)]
    assert mapped.report["violations"]


def test_a_no_to_referral_leaves_the_consent_out() -> None:
    assert "consent" not in map_native(KOBO, body(**{"consent/referral": "no"})).report


@pytest.mark.parametrize(("pointer", "native"), [
    ("/violations/1/type", "/incident~1violation_type"),
    ("/location/code", "/incident~1county"),
    ("/subject/identity/phones/1", "/person~1phone"),
    ("/narrative", "/incident~1narrative"),
    ("/nothing/known", ""),
])
def test_a_pointer_into_the_report_leads_back_to_the_form(pointer: str, native: str) -> None:
    assert map_native(KOBO, body()).native(pointer) == native


def mapped_by(tmp_path: Path, line: dict[str, Any], **changes: Any) -> Mapped:
    """A form through the profile `kobo`, with one line put in place of that for the same pointer."""
    document = yaml.safe_load((POLICY / "profiles" / "kobo.yaml").read_text("utf-8"))
    document["fields"] = [line if each["to"] == line["to"] else each for each in document["fields"]]
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    native = {name: value for name, value in body(**changes).items() if value is not None or name == "person/middle"}
    return map_native(load([POLICY, tmp_path]).profiles["own"], native)


NAME = "/subject/identity/names/0"
BOTH = 'join(\' \', ["person/first", "person/last"])'
MEETS = [
    pytest.param(BOTH, {"person/last": "Example"}, "/person~1first", id="a missing field"),
    pytest.param(BOTH, {"person/first": 7, "person/last": "Example"}, "/person~1first", id="a number for a text"),
    pytest.param('starts_with("person/first", \'A\')', {"person/first": ["x"]}, "/person~1first", id="a list for a text"),
    pytest.param('contains("person/first", "person/middle")', {"person/first": "x"}, "/person~1first", id="an error of Python"),
    pytest.param("called[?starts_with(kind, 'a')].name", {"called": [{"name": "x"}]}, "/called", id="a filter"),
    pytest.param("called[].abs(kind)", {"called": [{"kind": "x"}]}, "/called", id="a projection"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "changes", "place"), MEETS)
def test_an_expression_that_cannot_be_evaluated_costs_its_field_alone(
    tmp_path: Path, expression: str, changes: dict[str, Any], place: str
) -> None:
    mapped = mapped_by(tmp_path, {"to": NAME, "from": [expression]}, **changes)
    assert [(each.field, each.code) for each in mapped.left_out] == [(place, "format")]
    assert "names" not in mapped.report["subject"]["identity"]
    assert len(mapped.report["violations"]) == 2


def test_after_an_expression_that_cannot_be_evaluated_the_next_is_tried_and_the_loss_is_named(tmp_path: Path) -> None:
    line = {"to": NAME, "from": [BOTH, '"person/name"']}
    mapped = mapped_by(tmp_path, line, **{"person/first": "Amina"})
    assert mapped.report["subject"]["identity"]["names"] == ["Mary Example"]
    assert [each.field for each in mapped.left_out] == ["/person~1first"]


def test_an_expression_about_questions_that_nobody_answered_loses_nothing(tmp_path: Path) -> None:
    mapped = mapped_by(tmp_path, {"to": NAME, "from": [BOTH, '"person/name"']})
    assert mapped.report["subject"]["identity"]["names"] == ["Mary Example"]
    assert mapped.left_out == []


def test_a_default_does_not_answer_for_what_was_lost(tmp_path: Path) -> None:
    line = {"to": "/contact_safety/may_contact", "from": ["starts_with(safe, 'y')"], "as": "boolean", "default": "yes"}
    assert mapped_by(tmp_path, line, safe=5).report["contact_safety"]["may_contact"] is False


def test_an_expression_that_fails_in_one_item_of_a_repeat_group_costs_that_item_alone(tmp_path: Path) -> None:
    line = {"to": "/violations/*/type", "for_each": "acts", "from": ["join('_', [what, how])"]}
    mapped = mapped_by(tmp_path, line, acts=[{"what": "death", "how": "threat"}, {"what": "raid"}])
    assert [each["type"] for each in mapped.report["violations"]] == ["death_threat"]
    assert [(each.field, each.code) for each in mapped.left_out] == [("/acts/1/what", "format")]


def test_every_name_that_an_expression_reads_is_taken_and_not_called_dropped(tmp_path: Path) -> None:
    mapped = mapped_by(tmp_path, {"to": NAME, "from": [BOTH]}, **{"person/first": "Amina", "person/last": "Example"})
    assert mapped.report["subject"]["identity"]["names"] == ["Amina Example"]
    assert not {"person/first", "person/last"} & set(mapped.discarded)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
NAMES = sorted({"_id", "incident/violation_type", "incident/date", "consent/referral", "person/phone", "needs", "submission"})


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_no_native_body_breaks_the_engine(native: dict[str, Any]) -> None:
    map_native(KOBO, native)


def test_three_numbers_in_one_field_do_not_cost_the_call() -> None:
    written = "+254700000001 +254700000002 +254700000003"
    mapped = map_native(KOBO, body(**{"person/phone": written}))
    assert read_report(mapped.report, SHIPPED.vocabulary).person.identity["phones"] == [written]
