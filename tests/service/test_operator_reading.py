"""An operator with the right to it reads what a case is about, and every reading is audited with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngao.chassis.security.identity import new_key
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from tests.support.auditing import on_record
from tests.support.intake import NEWS, anonymous, heard, report

STORE_OF = "intake"
NARRATIVE = "They came at night and asked for the list of members."
ATTACHMENT = {"name": "gate.jpg", "media_type": "image/jpeg", "sha256": "a" * 64, "url": "https://files.example.org/gate.jpg"}


@pytest.fixture(scope="module")
def keys(world: World, intake: ServiceProcess) -> dict[str, str]:
    """Operators who have one scope each, beside the one who has all."""
    assert intake.is_running()
    made = {name: new_key("operator", name) for name in ("codes", "words")}
    file = world.directory / "operators.json"
    listed = json.loads(file.read_text())["operators"]
    for name, scope in (("codes", "reports:read"), ("words", "narrative:read")):
        listed.append({"id": name, "hash": made[name][1], "scopes": [scope]})
    file.write_text(json.dumps({"operators": listed}))
    return {name: found for name, (found, _) in made.items()}


@pytest.fixture(scope="module")
def case_ref(intake: ServiceProcess, key: str) -> str:
    violations = [{"type": "death_threat_to_defender", "ongoing": True, "perpetrators": [{"type": "police"}]}]
    body = report(narrative=NARRATIVE, violations=violations, attachments=[ATTACHMENT])
    status, receipt = intake.request("POST", "/v1/reports", body, key)
    assert status == 202, receipt
    return str(receipt["case_ref"])


def test_violations_perpetrators_and_reasons_are_shown_and_no_word_of_the_narrative(
    intake: ServiceProcess, keys: dict[str, str], case_ref: str, store: Any
) -> None:
    status, shown = intake.request("GET", f"/v1/cases/{case_ref}/report?reason=case_work", None, keys["codes"])
    assert status == 200, shown
    (violation,) = shown["violations"]
    assert (violation["type"], violation["ongoing"], violation["perpetrators"]) == ("death_threat_to_defender", True, ["police"])
    assert violation["label"] != "death_threat_to_defender"
    assert shown["reasons"]
    assert (shown["has_narrative"], shown["has_attachments"], shown["forgotten"]) == (True, True, False)
    assert "members" not in json.dumps(shown)
    (entry,) = on_record(store).find({"action": "report.read", "subject": case_ref})
    assert (entry["actor"], entry["detail"]) == ("operator:codes", {"reason": "case_work"})


def test_the_narrative_and_what_the_attachments_are_need_a_scope_of_their_own(
    intake: ServiceProcess, keys: dict[str, str], case_ref: str, store: Any
) -> None:
    path = f"/v1/cases/{case_ref}/narrative?reason=safety_check"
    assert intake.request("GET", path, None, keys["codes"])[1]["scope"] == "narrative:read"
    assert on_record(store).count_documents({"action": "narrative.read"}) == 0
    status, told = intake.request("GET", path, None, keys["words"])
    assert (status, told["narrative"], told["attachments"]) == (200, NARRATIVE, [ATTACHMENT])
    (entry,) = on_record(store).find({"action": "narrative.read", "subject": case_ref})
    assert (entry["actor"], entry["detail"]) == ("operator:words", {"reason": "safety_check"})


@pytest.mark.parametrize("what", ["report", "narrative"])
@pytest.mark.parametrize("query", ["", "?reason=", "?reason=curiosity"])
def test_without_a_reason_that_policy_knows_nothing_is_read(
    intake: ServiceProcess, world: World, case_ref: str, what: str, query: str
) -> None:
    status, problem = intake.request("GET", f"/v1/cases/{case_ref}/{what}{query}", None, world.operator_key)
    assert (status, problem["errors"][0]["pointer"]) == (422, "/reason")


def test_neither_sources_nor_unknown_cases_open_anything(intake: ServiceProcess, world: World, key: str, case_ref: str) -> None:
    assert intake.request("GET", f"/v1/cases/{case_ref}/narrative?reason=case_work", None, key)[0] == 403
    assert intake.request("GET", "/v1/cases/NG-0000000000/report?reason=case_work", None, world.operator_key)[0] == 404


def test_an_operator_raises_and_lowers_an_urgency_for_a_coded_reason_and_it_is_audited(
    intake: ServiceProcess, world: World, key: str, line: Line, store: Any
) -> None:
    _, receipt = intake.request("POST", "/v1/reports", anonymous(violations=[{"type": "censorship"}]), key)
    case_ref, path = receipt["case_ref"], f"/v1/cases/{receipt['case_ref']}/urgency"
    shown = intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, key)
    wrong = intake.request("POST", path, {"urgency": "high", "reason": "mood"}, world.operator_key)
    assert (wrong[0], wrong[1]["errors"][0]["pointer"]) == (422, "/reason")
    status, decided = intake.request("POST", path, {"urgency": "high", "reason": "danger_has_grown"}, world.operator_key)
    assert (status, decided["urgency"], decided["urgency_before"]) == (200, "high", receipt["urgency"])
    risen = heard(line, NEWS[1], case_ref)
    assert (risen["urgency"], risen["risen"], risen["raised_by"]) == ("high", True, "operator")
    assert intake.request("POST", path, {"urgency": "low", "reason": "danger_is_over"}, world.operator_key)[0] == 200
    lowered = heard(line, NEWS[1], case_ref)
    assert (lowered["urgency"], lowered["risen"], lowered["raised_by"]) == ("low", False, None)
    assert intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, key) == shown
    details = [each["detail"] for each in on_record(store).find({"action": "report.urgency_decided", "subject": case_ref})]
    assert [each["reason"] for each in details] == ["danger_has_grown", "danger_is_over"]
