"""What was said can be taken back: by the source, and by the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.coalition import Coalition, Source, report


def test_a_withdrawn_report_withdraws_the_open_offer(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "silent")
    receipt = source.takes(report(county))
    case_ref = receipt["case_ref"]
    offer = partner.hears("referral.offered", case_ref)
    assert source.post({}, f"/v1/reports/{receipt['report_id']}/withdraw")[0] == 200
    assert partner.hears("referral.withdrawn", case_ref)["reason"] == "report_withdrawn"
    assert partner.asks("POST", f"/v1/offers/{offer['offer_id']}/accept")[0] == 409
    assert coalition.reaches(case_ref, "case.closed")["reason"] == "report_withdrawn"
    coalition.told(case_ref, partner.id)
    assert source.status(receipt)["status"] == "withdrawn"
    assert not [each for each in partner.heard(case_ref) if each["opened"]]


def test_a_withdrawn_report_recalls_the_accepted_referral(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    receipt = source.takes(report(county))
    partner.hears("intake.narrative.disclosed", receipt["case_ref"])
    coalition.reaches(receipt["case_ref"], "started")
    source.post({}, f"/v1/reports/{receipt['report_id']}/withdraw")
    assert partner.hears("referral.recalled", receipt["case_ref"])["reason"] == "report_withdrawn"
    assert coalition.story(receipt["case_ref"])["offers"][0]["state"] == "recalled"


def test_consent_withdrawn_before_the_answer_discloses_nothing(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "silent")
    case_ref = source.takes(report(county))["case_ref"]
    offer = partner.hears("referral.offered", case_ref)
    withdraw_consent(coalition, case_ref)
    assert partner.hears("referral.withdrawn", case_ref)["reason"] == "consent_withdrawn"
    status, problem = partner.asks("POST", f"/v1/offers/{offer['offer_id']}/accept")
    assert (status, problem["type"].rpartition("/")[2]) == (409, "offer-state")
    assert coalition.reaches(case_ref, "case.closed")["reason"] == "consent_withdrawn"
    coalition.quiet()
    assert not [each for each in partner.heard(case_ref) if each["opened"]]


def test_consent_withdrawn_after_the_answer_recalls_and_later_facts_stay_here(
    coalition: Coalition, source: Source, county: str
) -> None:
    partner = coalition.partner(county, "keep")
    receipt = source.takes(report(county))
    case_ref = receipt["case_ref"]
    partner.hears("intake.narrative.disclosed", case_ref)
    partner.hears("registry.contact.disclosed", case_ref)
    coalition.reaches(case_ref, "started")
    withdraw_consent(coalition, case_ref)
    assert partner.hears("referral.recalled", case_ref)["reason"] == "consent_withdrawn"
    source.post({"narrative": "What came to light later."}, f"/v1/reports/{receipt['report_id']}/updates")
    coalition.quiet()
    opened = [each["what"] for each in partner.heard(case_ref) if each["opened"]]
    assert sorted(opened) == ["intake.narrative.disclosed", "registry.contact.disclosed"], "one each, both from before"


@pytest.mark.parametrize("behaviour", ["keep", "silent"])
def test_a_consent_that_ends_by_its_date_recalls_what_it_covered_without_anyone_doing_anything(
    coalition: Coalition, source: Source, county: str, behaviour: str
) -> None:
    """An accepted referral, its contact and its narrative; or the offer that nobody has answered."""
    partner = coalition.partner(county, behaviour)
    until = (datetime.now(UTC) + timedelta(seconds=12)).isoformat()
    agreed = [{"purpose": "referral", "scope": ["contact", "narrative"], "until": until}]
    case_ref = source.takes(report(county, consent=agreed))["case_ref"]
    if behaviour == "silent":
        partner.hears("referral.offered", case_ref)
        partner.hears("referral.withdrawn", case_ref)
        coalition.quiet()
        assert not [each for each in partner.heard(case_ref) if each["opened"]]
        return
    for what in ("intake.narrative", "registry.contact"):
        partner.hears(f"{what}.disclosed", case_ref)
    for what in ("intake.narrative", "registry.contact"):
        partner.hears(f"{what}.withheld", case_ref)
    partner.hears("referral.recalled", case_ref)
    coalition.reaches(case_ref, "unroutable")
    coalition.quiet()
    opened = [each["what"] for each in partner.heard(case_ref) if each["opened"]]
    assert sorted(opened) == ["intake.narrative.disclosed", "registry.contact.disclosed"], "one each, both from before"


def withdraw_consent(coalition: Coalition, case_ref: str) -> None:
    """The person tells the coalition, and an operator notes it at the registry."""
    ref = coalition.asks("registry", "GET", f"/v1/defenders?case_ref={case_ref}&reason=case_work")["defender_ref"]
    told = coalition.asks("registry", "POST", f"/v1/defenders/{ref}/consents", {"granted": False, "purpose": "referral"})
    assert told == {"cases": [case_ref]}
