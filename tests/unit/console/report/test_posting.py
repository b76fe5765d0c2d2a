"""What intake gets of the answers: by the report's own schema, the same each time, and codes alone for a preview."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.contracts.schemas.report import Report
from services.console.report.model import Answers, Sent
from services.console.report.posting import codes_of, question_of, report_of, update_of
from services.console.report.reading import ROLES
from services.intake.triage.model import slack_of

AT = "2026-03-02T09:01:00+00:00"
TAKEN: dict[str, Any] = {
    "talk": {"choice": "yes"}, "caller": {"choice": "relative"}, "group": {"choice": "disappearance"},
    "act": {"choice": "enforced_disappearance"}, "ongoing": {"choice": "yes", "at": AT}, "who": {"choice": "police"},
    "county": {"choice": "KE-30"}, "needs": {"chosen": ["legal_aid"]}, "share": {"choice": "yes"},
    "reach": {"choice": "yes", "opens": "18:00", "closes": "20:00", "code_word": "mwezi", "instructions": "", "others": False,
              "voicemail": True, "sms": True},
    "person": {"name": "Invented Wairimu", "phone": "0700 000 101"}, "words": {"text": "They came at night."},
}  # fmt: skip
ANSWERS = Answers("a" * 32, AT, TAKEN)


def only(*codes: str, **more: Any) -> Answers:
    return Answers("a" * 32, AT, {code: TAKEN[code] for code in codes} | more)


def test_a_whole_call_is_a_report_by_the_schema_of_sources() -> None:
    body = report_of(ANSWERS)
    loaded = Report().load(body)
    assert loaded["violations"][0] | {"perpetrators": [{"type": "police"}]} == loaded["violations"][0]
    assert (body["violations"][0]["ongoing"], body["reporter"], body["needs"]) == (True, {"role": "relative"}, ["legal_aid"])
    assert body["location"] == {"scheme": "iso3166-2", "code": "KE-30"}
    assert body["consent"] == [{"purpose": "referral", "scope": ["contact", "narrative"]}]
    assert body["subject"] == {"identity": {"names": ["Invented Wairimu"], "phones": ["0700 000 101"]}}
    assert body["contact_safety"] == {
        "may_contact": True, "channels": ["phone", "sms"], "hours": [{"opens": "18:00", "closes": "20:00"}],
        "code_word": "mwezi", "voicemail": True, "shared_phone": False,
    }  # fmt: skip
    assert body["narrative"] == "They came at night."


def test_the_same_answers_are_the_same_report() -> None:
    assert report_of(ANSWERS) == report_of(Answers("a" * 32, AT, dict(TAKEN)))


def test_the_codes_of_a_preview_are_those_of_the_report_and_name_no_one() -> None:
    codes = codes_of(ANSWERS)
    assert codes == {name: report_of(ANSWERS)[name] for name in codes}
    assert set(codes) == {"occurred_at", "occurred_precision", "reporter", "violations", "needs"}


@pytest.mark.parametrize("choice", ["no", "unasked"])
def test_without_a_yes_there_is_no_consent(choice: str) -> None:
    assert "consent" not in report_of(only("act", share={"choice": choice}))
    assert "consent" not in report_of(only("act"))


def test_who_must_not_be_contacted_and_who_was_not_asked() -> None:
    assert report_of(only("act", reach={"choice": "no"}))["contact_safety"] == {"may_contact": False}
    assert "contact_safety" not in report_of(only("act"))


def test_a_call_that_breaks_off_is_a_report_of_what_is_known() -> None:
    body = report_of(only(callback={"phone": "0700 000 101"}, reach=TAKEN["reach"]))
    assert body["violations"] == [{"type": "unclassified"}]
    assert (body["reporter"], body["subject"]) == ({"role": "unknown"}, {"identity": {"phones": ["0700 000 101"]}})
    assert "location" not in body


@pytest.mark.parametrize(
    ("choice", "soonest", "latest"), [("today", 0, 1), ("days", 1, 3), ("week", 4, 7), ("longer", 8, 400), ("unknown", 0, 0)]
)
def test_a_date_in_words_is_never_older_than_the_words_can_mean(choice: str, soonest: int, latest: int) -> None:
    body = codes_of(only("act", ongoing={"choice": "no", "at": AT}, when={"choice": choice, "at": AT}))
    stated = datetime.fromisoformat(body["occurred_at"])
    counted = datetime.fromisoformat(AT) - stated - slack_of(body["occurred_precision"])
    assert stated.tzinfo == UTC
    assert counted <= timedelta(days=soonest) or choice == "longer"
    assert counted <= timedelta(days=latest)
    assert body["violations"][0]["ongoing"] is False


def test_whether_it_goes_on_is_not_stated_if_it_is_unknown() -> None:
    assert "ongoing" not in codes_of(only("act", ongoing={"choice": "unknown", "at": AT}))["violations"][0]


def test_later_only_what_the_report_lacks_is_posted_each_time_under_a_name_of_its_own() -> None:
    sent = only("caller", "act", "ongoing").delivered(Sent("id", "NG-4CJY0RRPKP", "critical"))
    more = sent.answered({code: TAKEN[code] for code in ("who", "share", "person")})
    assert update_of(more) == {
        "update_id": f"{'a' * 32}-1",
        "violations": [{"type": "enforced_disappearance", "perpetrators": [{"type": "police"}]}],
        "consent": [{"purpose": "referral", "scope": ["contact", "narrative"]}],
        "subject": {"identity": {"names": ["Invented Wairimu"], "phones": ["0700 000 101"]}},
    }
    again = more.delivered(Sent("id", "NG-4CJY0RRPKP", "critical")).answered({"words": TAKEN["words"]})
    assert update_of(again) == {"update_id": f"{'a' * 32}-2", "narrative": "They came at night."}


@pytest.mark.parametrize(
    ("pointer", "question"),
    [
        ("/subject/identity/phones/0", "person"), ("/location/code", "county"), ("/needs/0", "needs"),
        ("/violations/0/perpetrators/0/type", "who"), ("/violations/0/type", "group"), ("/contact_safety/hours/0", "reach"),
        ("/source_event_id", ""),
    ],
)  # fmt: skip
def test_a_refused_field_leads_to_its_question(pointer: str, question: str) -> None:
    assert question_of(pointer) == question


def test_every_role_that_is_offered_is_one_of_the_contract() -> None:
    for role in ROLES:
        Report(only=("reporter",)).load({"reporter": {"role": role}})
