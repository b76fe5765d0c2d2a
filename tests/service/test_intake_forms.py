"""Forms as they really come, posted to intake as a process: the call is taken, and the answer names what could not be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.contracts import subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from tests.support.auditing import on_record
from tests.support.cases import CASES, case
from tests.support.intake import NEWS, onboard

STORE_OF = "intake"
POLICY = Path(__file__).resolve().parents[2] / "deploy" / "policy"
FILES = sorted(each.stem for each in (CASES / "form").glob("*.json"))
NAMED = {
    "email-none": "/person~1email", "age-number": "/person~1age_group", "ongoing-dont-know": "/incident~1ongoing",
    "contact-unsure": "/safety~1may_contact", "type-one-known-one-other": "/incident~1violation_type",
    "type-or-other": "/incident~1violation_type", "drift-against-multiple": "/incident~1against", "name-blank": "/person~1name",
    "date-missing": "/incident~1date_time",
}  # fmt: skip
DOUBTFUL = {"date-missing": "missing", "date-next-year": "future", "device-clock-1970": "too_old"}


def joined() -> str:
    """The shipped profile for a form that asks for first and last name, which a function of JMESPath joins."""
    document = yaml.safe_load((POLICY / "profiles" / "kobo.yaml").read_text("utf-8"))
    both = {"to": "/subject/identity/names/0", "from": ["join(' ', [first, last])", '"person/name"']}
    document["fields"] = [both if each["to"] == both["to"] else each for each in document["fields"]]
    return yaml.safe_dump(document, sort_keys=False)


@pytest.fixture(scope="module")
def intake(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Intake with one profile more, as the owner of a form with repeat groups wrote it."""
    own = Path(tmp_path_factory.mktemp("policy"))
    (own / "profiles").mkdir()
    (own / "profiles" / "repeat.yaml").write_text((CASES / "form" / "repeat-profile.yaml").read_text("utf-8"), "utf-8")
    (own / "profiles" / "joined.yaml").write_text(joined(), "utf-8")
    provision(world, {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS})
    settings, port = world.settings("intake", policy=(own,))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def keys(intake: ServiceProcess, world: World) -> dict[str, str]:
    return {name: onboard(intake, world, f"form-{name}", profile=name) for name in ("kobo", "repeat", "joined")}


def posted(intake: ServiceProcess, keys: dict[str, str], name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    profile = "repeat" if name.startswith("repeat-") else "kobo"
    status, answer = intake.request("POST", f"/v1/inbound/form-{profile}", body, keys[profile])
    return status, dict(answer)


def test_a_form_that_an_expression_of_its_profile_does_not_fit_is_taken(intake: ServiceProcess, keys: dict[str, str]) -> None:
    body = {**case("form/email-none"), "person/email": "a@example.org", "last": "Example"}
    status, answer = intake.request("POST", "/v1/inbound/form-joined", body, keys["joined"])
    assert (status, answer["quarantined"]) == (202, False), answer
    assert answer["left_out"] == [{"field": "/first", "code": "format"}]


def shown(intake: ServiceProcess, world: World, case_ref: str) -> dict[str, Any]:
    status, report = intake.request("GET", f"/v1/cases/{case_ref}/report?reason=case_work", None, world.operator_key)
    assert status == 200, report
    return dict(report)


@pytest.mark.parametrize("name", FILES)
def test_a_form_is_taken_once_and_what_is_left_out_is_named_and_shown(
    intake: ServiceProcess, world: World, keys: dict[str, str], name: str
) -> None:
    body = case(f"form/{name}")
    status, answer = posted(intake, keys, name, body)
    assert status == 202, answer
    named = [each["field"] for each in answer["left_out"]]
    assert named == [NAMED[name]] if name in NAMED else named == []
    report = shown(intake, world, answer["case_ref"])
    assert (report["left_out"], report["mapping_version"]) == (answer["left_out"], answer["mapping_version"])
    assert (report["date_doubt"] or {}).get("reason") == DOUBTFUL.get(name)
    status, again = posted(intake, keys, name, body)
    assert (status, again["duplicate"], again["report_id"]) == (202, True, answer["report_id"])


def test_a_reset_clock_is_critical_and_the_stated_date_is_kept_for_the_officer(
    intake: ServiceProcess, world: World, keys: dict[str, str]
) -> None:
    _, answer = posted(intake, keys, "", case("form/device-clock-1970"))
    assert answer["urgency"] == "critical"
    assert shown(intake, world, answer["case_ref"])["date_doubt"]["stated"].startswith("1969-12-31T21:00:00")


def test_an_edited_form_updates_its_report_once_and_what_it_repeats_is_no_news(
    intake: ServiceProcess, world: World, keys: dict[str, str]
) -> None:
    form = {**case("form/email-none"), "incident/narrative": "Two men waited at the gate."}
    root = f"uuid:{form['_uuid']}"
    form |= {"meta/rootUuid": root, "meta/instanceID": root}
    first = posted(intake, keys, "", form)[1]
    edited = {
        **form, "_uuid": "edited-1", "meta/instanceID": "uuid:edited-1", "meta/deprecatedID": root,
        "incident/violation_type": f"{form['incident/violation_type']} smear", "person/age_group": 7,
    }  # fmt: skip
    status, answer = posted(intake, keys, "", edited)
    assert (status, answer["duplicate"], answer["report_id"]) == (202, False, first["report_id"]), answer
    report = shown(intake, world, first["case_ref"])
    assert "smear_campaign" in {each["type"] for each in report["violations"]}
    told = intake.request("GET", f"/v1/cases/{first['case_ref']}/narrative?reason=case_work", None, world.operator_key)[1]
    assert told["narrative"] == form["incident/narrative"]
    assert posted(intake, keys, "", edited)[1]["duplicate"] is True
    assert posted(intake, keys, "", form)[1]["duplicate"] is True, "the first version, delivered late, changes nothing"
    other = {**edited, "incident/violation_type": "smear"}
    other_content = {**form, "incident/violation_type": "smear"}
    for each in (other, other_content):  # of a version that is known by its name, and of the form itself
        status, answer = posted(intake, keys, "", each)
        assert (status, answer["quarantined"], answer["reason"]) == (202, True, "conflicting-repeat"), answer


def test_an_edit_with_more_words_than_there_is_room_for_counts_and_its_answer_has_it(
    intake: ServiceProcess, world: World, keys: dict[str, str]
) -> None:
    root = "uuid:long-0"
    form = {
        **case("form/email-none"), "_uuid": "long-0", "incident/narrative": "\U0001f600" * 50_000, "meta/rootUuid": root,
        "meta/instanceID": root,
    }  # fmt: skip
    first = posted(intake, keys, "", form)[1]
    edited = {
        **form, "_uuid": "long-1", "meta/instanceID": "uuid:long-1", "meta/deprecatedID": root,
        "incident/violation_type": f"{form['incident/violation_type']} smear", "incident/narrative": "\u0101\u4e00" * 25_000,
    }  # fmt: skip
    status, answer = posted(intake, keys, "", edited)
    assert (status, answer["report_id"], answer.get("narrative_cut")) == (202, first["report_id"], True), answer
    assert posted(intake, keys, "", edited)[1]["duplicate"] is True
    assert "smear_campaign" in {each["type"] for each in shown(intake, world, first["case_ref"])["violations"]}


def test_an_edited_form_whose_first_version_never_came_is_a_report(intake: ServiceProcess, keys: dict[str, str]) -> None:
    names = {"meta/instanceID": "uuid:e-2", "meta/deprecatedID": "uuid:e-1", "meta/rootUuid": "uuid:e-0"}
    form = {**case("form/email-none"), **names}
    status, answer = posted(intake, keys, "", form)
    assert (status, answer["duplicate"], answer["quarantined"]) == (202, False, False)


def test_a_form_without_a_county_is_taken_and_no_value_is_named_anywhere(
    intake: ServiceProcess, world: World, keys: dict[str, str], store: Any
) -> None:
    body = {**case("form/email-none"), "incident/county": "Zanzibar-Marker", "person/gender": "Zanzibar-Marker 7"}
    status, answer = posted(intake, keys, "", body)
    assert status == 202, answer
    assert shown(intake, world, answer["case_ref"])["county"] == ""
    assert "Zanzibar" not in json.dumps([answer, list(store["reports"].find()), list(on_record(store).find())], default=str)
    assert "Zanzibar" not in intake.log.read_text("utf-8")


@pytest.mark.parametrize("name", ["kobo", "joined"])
def test_no_value_of_a_form_is_logged_whichever_of_them_can_be_read(
    intake: ServiceProcess, world: World, keys: dict[str, str], name: str
) -> None:
    """One marker is in each answer, so that it is looked for in whatever way the value is read, left out or refused."""
    form = {question: value for question, value in case("form/email-none").items() if question not in ("_id", "meta/rootUuid")}
    asked = [each for each in form if each not in ("_uuid", "incident/violation_type")]
    posts = [{**form, question: f"Logmarker {question}"} for question in [*asked, "first", "last"]]
    posts += [{**form, "_uuid": "Logmarker " * 40}, {"_uuid": "logmarker-1", "person/name": "Logmarker"}]
    for at, post in enumerate(posts):
        body = {**post, "_uuid": f"{post['_uuid']}-{name}-{at}"}
        assert intake.request("POST", f"/v1/inbound/form-{name}", body, keys[name])[0] == 202
    intake.request("POST", f"/v1/inbound/form-{name}", b'{"person/name": "Logmarker', keys[name])
    logged = intake.log.read_text("utf-8")
    assert logged, "there is a log to search"
    assert "logmarker" not in logged.casefold()
