"""The ways by which reports come: over HTTP, over AMQP, one or many, canonical or as a form sends them, once or again."""

from __future__ import annotations

import json
import secrets

import pytest

from ngao.local.demo.scenarios import kobo_submission
from ngao.testing.waiting import eventually
from tests.support.coalition import CRITICAL, Coalition, Source, report


@pytest.mark.parametrize("first", ["http", "amqp"])
def test_the_same_report_over_http_and_amqp_is_one_case(coalition: Coalition, source: Source, county: str, first: str) -> None:
    body = report(county)
    ways = [source.takes, source.publishes] if first == "http" else [source.publishes, source.takes]
    answers = [way(body) for way in (*ways, *ways)]
    assert len({each["case_ref"] for each in answers}) == 1
    assert [each["duplicate"] for each in answers] == [False, True, True, True]
    coalition.reaches(answers[0]["case_ref"], "unroutable")
    assert coalition.hops(answers[0]["case_ref"]).count("report.learnt") == 1


def test_a_repeat_with_other_content_is_refused_on_both_ways(source: Source, county: str) -> None:
    body = report(county)
    source.takes(body)
    other = {**body, "narrative": "Something else."}
    status, problem = source.post(other)
    assert (status, problem["type"].rpartition("/")[2]) == (409, "conflicting-repeat")
    assert source.publishes(other)["reason"] == "conflicting-repeat"


def test_a_kobo_submission_becomes_an_accepted_referral(coalition: Coalition, county: str) -> None:
    kobo, partner = coalition.source("kobo", profile="kobo"), coalition.partner(county, "keep", need="digital_security")
    body = {**kobo_submission(), "meta/rootUuid": f"uuid:{secrets.token_hex(8)}", "incident/county": county}
    status, receipt = kobo.post(body, f"/v1/inbound/{kobo.id}")
    assert status == 202, receipt
    contact = partner.hears("registry.contact.disclosed", receipt["case_ref"])
    assert contact["opened"]["names"]
    partner.hears("intake.narrative.disclosed", receipt["case_ref"])


def test_a_county_is_not_given_to_another_test_while_a_partner_works_there(coalition: Coalition, county: str) -> None:
    coalition.partner(county, "silent", opened=False)
    assert county not in {coalition.county() for _ in range(60)}


def test_a_batch_with_bad_items_takes_the_good_ones(coalition: Coalition, source: Source, county: str) -> None:
    partner, good, urgent = coalition.partner(county, "keep"), report(county), report(county, CRITICAL)
    bad = report(county, needs=["no_such_support"])
    lines = [json.dumps(good), json.dumps(bad), "{", json.dumps(urgent), json.dumps(good)]
    status, answer = source.post("\n".join(lines).encode(), Content_Type="application/x-ndjson")
    assert status == 202
    results = answer["results"]
    assert [each["status"] for each in results] == [202, 422, 400, 202, 202]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/needs/0"
    assert results[0]["case_ref"] == results[4]["case_ref"]
    for each in (results[0], results[3]):
        partner.hears("intake.narrative.disclosed", each["case_ref"])


def test_a_source_sees_the_story_of_its_own_reports_and_of_no_other(coalition: Coalition, source: Source, county: str) -> None:
    coalition.partner(county, "help")
    receipt = source.takes(report(county))
    whole = {"looking_for_help", "accepted", "in_progress", "completed", "closed"}

    def seen() -> bool:
        """Events of one case may come in any order: the end before the step that led to it."""
        return {each["what"] for each in source.status(receipt)["story"]} == whole

    eventually(seen, what="the source to see the whole story")
    shown = source.status(receipt)
    assert (shown["status"], [each["what"] for each in shown["story"]][-1]) == ("closed", "closed")
    assert shown["needs"] == {"legal_aid": "completed"}
    assert shown["reasons"] or shown["urgency"] == "low", "the urgency explains itself"
    assert shown["policy_version"]
    assert receipt["status_url"].endswith(f"/v1/reports/{receipt['report_id']}")
    other = coalition.source("other")
    for key in (other.key, coalition.world.operator_key):
        assert other.intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, key)[0] in {403, 404}
    assert other.intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, other.key)[0] == 404
    assert source.intake.request("GET", "/v1/reports/00000000-0000-4000-8000-000000000000", None, source.key)[0] == 404


def test_a_case_is_shown_to_operators_only(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    case_ref = source.takes(report(county))["case_ref"]
    coalition.reaches(case_ref, "accepted")
    assert partner.asks("GET", f"/v1/cases/{case_ref}")[0] == 403
    assert coalition.services["referral"].request("GET", f"/v1/cases/{case_ref}")[0] == 401
    assert coalition.story("NG-0000000000") == {}
