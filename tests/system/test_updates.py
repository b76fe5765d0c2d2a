"""What a source reports later, on the whole platform: the inputs of tests/cases/update with what is right for each."""

from __future__ import annotations

import secrets
from typing import Any

from ngao.testing.waiting import eventually
from tests.support.cases import case
from tests.support.coalition import Coalition, Partner, Source
from tests.support.partner import digest

CONTACT, WITHHELD = "registry.contact.disclosed", "registry.contact.withheld"


def plain(county: str, name: str = "report/plain") -> dict[str, Any]:
    """The case file in a county of the test's own, about a person of its own."""
    body = case(name)
    phone = f"+2547{secrets.randbelow(10**8):08d}"
    body["subject"]["identity"] = {"names": [f"Mfano {secrets.token_hex(6)}"], "phones": [phone]}
    return {**body, "location": {"scheme": "iso3166-2", "code": county}}


def update(source: Source, receipt: dict[str, Any], body: dict[str, Any], **headers: str) -> dict[str, Any]:
    status, answer = source.post(body, f"/v1/reports/{receipt['report_id']}/updates", **headers)
    assert status == 202, answer
    return dict(answer)


def helped(coalition: Coalition, source: Source, county: str) -> tuple[Partner, dict[str, Any]]:
    """A partner that has the contact, and the receipt of the report."""
    partner = coalition.partner(county, "keep")
    receipt = source.takes(plain(county))
    partner.hears(CONTACT, receipt["case_ref"])
    return partner, receipt


def test_the_same_words_under_a_new_key_reach_the_partner(coalition: Coalition, source: Source, county: str) -> None:
    partner, receipt = helped(coalition, source, county)
    answers = [
        update(source, receipt, case(f"update/{words}"), Idempotency_Key=key)
        for words, key in (("door", "a"), ("neighbour", "b"), ("door", "c"), ("door", "a"))
    ]
    assert [each["duplicate"] for each in answers] == [False, False, False, True]

    def narratives() -> list[Any]:
        return [each for each in partner.heard(receipt["case_ref"]) if each["what"] == "intake.narrative.disclosed"]

    eventually(lambda: len(narratives()) == 4, what="the first words and three later ones")


def test_a_consent_by_update_is_acted_on_at_once(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "keep")
    receipt = source.takes(plain(county, "report/plain-no-consent"))
    assert coalition.reaches(receipt["case_ref"], "unroutable")["reason"] == "no_consent"
    update(source, receipt, case("update/consent-given"))
    partner.hears("referral.offered", receipt["case_ref"])
    partner.hears(CONTACT, receipt["case_ref"])


def test_a_number_that_is_not_safe_any_more_is_called_back(coalition: Coalition, source: Source, county: str) -> None:
    partner, receipt = helped(coalition, source, county)
    update(source, receipt, case("update/not-safe-any-more"))
    assert partner.hears(WITHHELD, receipt["case_ref"])["reason"] == "not_safe"


def test_a_new_number_reaches_the_partner_that_has_the_old_one(coalition: Coalition, source: Source, county: str) -> None:
    partner, receipt = helped(coalition, source, county)
    body = case("update/new-phone")
    update(source, receipt, body)
    phones = digest(body["subject"]["identity"]["phones"])

    def told() -> list[Any]:
        return [each for each in partner.heard(receipt["case_ref"]) if each["opened"].get("phones") == phones]

    eventually(told, what="the new number at the partner")


def test_where_the_person_is_now_is_published(coalition: Coalition, source: Source, county: str) -> None:
    partner, receipt = helped(coalition, source, county)
    case_ref, now = receipt["case_ref"], case("update/moved")["location"]["code"]
    assert coalition.story(case_ref)["county"] == county != now
    assert update(source, receipt, case("update/moved"))["duplicate"] is False
    assert update(source, receipt, case("update/moved"))["duplicate"] is True
    eventually(lambda: coalition.story(case_ref)["county"] == now, what="referral to know where the person is now")
    assert not [each for each in partner.heard(case_ref) if each["what"] == WITHHELD]


def test_what_nobody_can_take_is_offered_where_the_person_is_now(coalition: Coalition, source: Source, county: str) -> None:
    """A need that no other test's partner meets, so that nobody can take it where the report says."""
    need = "temporary_relocation"
    partner = coalition.partner(county, "keep", need=need)
    receipt = source.takes({**plain("KE-30"), "needs": [need]})
    assert coalition.reaches(receipt["case_ref"], "unroutable")["reason"] == "no_partner"
    update(source, receipt, {"location": {**case("update/moved")["location"], "code": county}})
    assert partner.hears("referral.offered", receipt["case_ref"])


def test_both_perpetrators_are_kept(coalition: Coalition, source: Source, county: str) -> None:
    receipt = source.takes(plain(county))
    update(source, receipt, case("update/two-perpetrators"))
    rules = {each["rule"] for each in source.status(receipt)["reasons"]}
    assert {"by_the_state", "by_someone_at_home"} <= rules


def test_a_repost_after_withdrawal_is_answered_honestly(coalition: Coalition, source: Source, county: str) -> None:
    body = plain(county)
    receipt = source.takes(body)
    source.post({}, f"/v1/reports/{receipt['report_id']}/withdraw")
    again = source.takes(body)
    assert (again["duplicate"], again["withdrawn"], again["report_id"]) == (True, True, receipt["report_id"])


def test_a_repost_over_amqp_after_withdrawal_is_answered_honestly(coalition: Coalition, source: Source, county: str) -> None:
    body = plain(county)
    receipt = source.publishes(body)
    assert (receipt["duplicate"], receipt["withdrawn"]) == (False, False)
    source.post({}, f"/v1/reports/{receipt['report_id']}/withdraw")
    again = source.publishes(body)
    assert (again["duplicate"], again["withdrawn"], again["report_id"]) == (True, True, receipt["report_id"])


def test_a_new_act_opens_a_closed_case_again_and_its_story_goes_on(coalition: Coalition, source: Source, county: str) -> None:
    coalition.partner(county, "help")
    receipt = source.takes(plain(county))
    coalition.reaches(receipt["case_ref"], "case.closed")
    eventually(lambda: source.status(receipt)["status"] == "closed", what="the source to learn that the case is closed")
    before = coalition.hops(receipt["case_ref"])

    update(source, receipt, {"violations": [{"type": "torture"}], "needs": ["legal_aid"]})
    assert coalition.reaches(receipt["case_ref"], "case.reopened")["reason"] == "violation_added"
    eventually(lambda: coalition.hops(receipt["case_ref"]).count("completed") == 2, what="the lawyer to help once more")
    assert coalition.hops(receipt["case_ref"])[: len(before)] == before

    def learnt() -> list[str]:
        return [each["what"] for each in source.status(receipt)["story"]]

    eventually(lambda: learnt().count("closed") == 2, what="the source to learn that the case is closed once more")
    assert learnt()[learnt().index("closed") + 1] == "looking_for_help"
    assert coalition.told(receipt["case_ref"], "duty-officer")


def test_a_new_act_asks_anew_for_what_is_settled_in_an_open_case(coalition: Coalition, source: Source, county: str) -> None:
    lawyer, doctor = coalition.partner(county, "keep"), coalition.partner(county, "help", need="medical")
    receipt = source.takes({**plain(county), "needs": ["medical", "legal_aid"]})
    coalition.reaches(receipt["case_ref"], "completed")
    lawyer.hears(CONTACT, receipt["case_ref"])
    update(source, receipt, {"violations": [{"type": "torture"}], "needs": ["medical"]})

    def offers(partner: Partner) -> int:
        return sum(each["what"] == "referral.offered" for each in partner.heard(receipt["case_ref"]))

    eventually(lambda: offers(doctor) == 2, what="the doctor to be asked once more")
    assert offers(lawyer) == 1
    assert "case.reopened" in coalition.hops(receipt["case_ref"])
