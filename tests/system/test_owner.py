"""The owner of a case, through all services: named by an acknowledgement, then another, who is written to when it is reopened."""

from __future__ import annotations

from typing import Any

from ngao.testing.waiting import eventually
from tests.support.coalition import CRITICAL, Coalition, Source, report


def test_the_alarm_that_was_acknowledged_gives_an_owner_and_the_new_owner_is_written_to(
    coalition: Coalition, source: Source, county: str
) -> None:
    coalition.partner(county, "help")
    entry = {"email": "wanjiru@example.org", "language": "en"}
    coalition.asks("notify", "PUT", "/v1/roster/duty-officers/wanjiru", entry)
    receipt = source.takes(report(county, CRITICAL))
    case_ref = receipt["case_ref"]
    path = f"/v1/cases/{case_ref}"

    def messages() -> list[dict[str, Any]]:
        return list(coalition.asks("notify", "GET", f"/v1/messages?case_ref={case_ref}")["messages"])

    def owner() -> str | None:
        found: str | None = coalition.story(case_ref).get("owner")
        return found

    coalition.told(case_ref, "duty-officer")
    alarm = next(each for each in messages() if each["recipient_ref"] == "duty-officer")
    coalition.asks("notify", "POST", f"/v1/messages/{alarm['message_id']}/acknowledge", {})
    eventually(lambda: owner() == "tester", what="who acknowledged the alarm to own the case")
    assert case_ref in {each["case_ref"] for each in coalition.asks("referral", "GET", "/v1/cases?owner=tester")["cases"]}

    handed = coalition.asks("referral", "POST", f"{path}/owner", {"owner": "wanjiru", "seen_owner": "tester"})
    assert handed["owner"] == "wanjiru"
    coalition.reaches(case_ref, "case.closed")
    coalition.quiet()
    update = {"violations": [{"type": "arbitrary_detention"}], "needs": ["legal_aid"]}
    assert source.post(update, f"/v1/reports/{receipt['report_id']}/updates")[0] == 202
    coalition.reaches(case_ref, "case.reopened")
    mail = coalition.told(case_ref, "wanjiru")
    assert (mail.recipients, case_ref in mail.text) == (("wanjiru@example.org",), False)
    assert "tester" not in {each["recipient_ref"] for each in messages()}
    assert owner() == "wanjiru"
    steps = [each["text"] for each in coalition.story(case_ref)["story"] if each["what"] == "case.owned"]
    assert steps == ["tester acknowledged an alarm of the case and owns it now.", "tester hands over the case to wanjiru."]
