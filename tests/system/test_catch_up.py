"""What a partner gets over its queue it can fetch again over HTTP, boxes included; a suspended one still gets its recalls."""

from __future__ import annotations

import json
from typing import Any

from ngao.client import Keys
from ngao.testing.waiting import eventually
from tests.support.coalition import Coalition, Partner, Source, report
from tests.system.test_taken_back import withdraw_consent

CONTACT, NARRATIVE = "registry.contact.disclosed.v1", "intake.narrative.disclosed.v1"


def fetched(partner: Partner) -> list[dict[str, Any]]:
    """All that the catch-up holds for the partner."""
    status, page = partner.asks("GET", "/v1/partners/me/events?after=0")
    assert status == 200, page
    return list(page["events"])


def opened(partner: Partner, kind: str) -> dict[str, Any]:
    """The content of the one fetched box of a kind, opened with the key that the partner made for itself."""
    [event] = eventually(lambda: [each for each in fetched(partner) if each["type"] == kind], within=30, what=kind)
    content = json.loads(Keys.from_directory(partner.account.parent).open(event["data"]["key_id"], event["data"]["box"]))
    assert (content["case_ref"], content["offer_id"]) == (event["data"]["case_ref"], event["data"]["offer_id"])
    return dict(content)


def test_the_catch_up_holds_contact_and_narrative_in_boxes_that_the_partner_opens(
    coalition: Coalition, source: Source, county: str
) -> None:
    partner, body = coalition.partner(county, "keep"), report(county)
    coalition.reaches(source.takes(body)["case_ref"], "started")
    contact, identity = opened(partner, CONTACT), body["subject"]["identity"]
    assert (contact["names"], contact["emails"]) == (identity["names"], identity["emails"])
    assert opened(partner, NARRATIVE)["narrative"] == body["narrative"]
    assert body["narrative"] not in json.dumps(fetched(partner)), "what is fetched is sealed"


def test_a_suspended_partner_still_gets_the_recall_of_what_it_had_accepted(
    coalition: Coalition, source: Source, county: str
) -> None:
    partner = coalition.partner(county, "keep")
    case_ref = source.takes(report(county))["case_ref"]
    opened(partner, CONTACT)
    opened(partner, NARRATIVE)
    coalition.reaches(case_ref, "started")
    body = {"name": partner.id, "support_types": ["legal_aid"], "counties": [county], "capacity": 50, "suspended": True}
    coalition.asks("referral", "PUT", f"/v1/partners/{partner.id}", body)
    withdraw_consent(coalition, case_ref)
    recalled = partner.hears("referral.recalled", case_ref)
    assert recalled["reason"] == "consent_withdrawn"
    [again] = [each for each in fetched(partner) if each["type"] == "referral.recalled.v1"]
    assert (again["data"]["offer_id"], again["data"]["reason"]) == (recalled["offer_id"], "consent_withdrawn")
    assert not {CONTACT, NARRATIVE} & {each["type"] for each in fetched(partner)}, "what was recalled is not given again"
