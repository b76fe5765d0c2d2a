"""People of a partner see and answer the offers to it on pages, and no one else's; what is sealed to it is opened elsewhere."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pymongo
import pytest

from ngao.chassis.security import seals
from ngao.local.binaries import javascript
from ngao.testing.processes import World
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.night import SECRET_WORDS, Night
from tests.support.staff import Browser, Page

pytestmark = pytest.mark.thorough

COUNTY = "KE-09"
NARRATIVE = "An invented narrative about the red gate."


@dataclass
class Helper:
    """A partner without a program of its own: its keys, and a person of it who is signed in."""

    night: Night
    keys: PartnerKeys
    browser: Browser
    signs: bool
    changes: dict[str, Any]

    @property
    def id(self) -> str:
        return self.keys.id

    def put(self, **changes: Any) -> None:
        """Say to referral what this partner is."""
        body = {
            "name": f"Partner {self.id}", "support_types": ["legal_aid"], "counties": [COUNTY], "languages": ["sw"],
            "capacity": 50,
            "vetted": True, "public_key": self.keys.box_public, "vouch": self.night.world.onboarding.vouch(self.keys),
            **({"signing_key": self.keys.signing_public} if self.signs else {}), **self.changes, **changes,
        }  # fmt: skip
        status, answer = self.night.ask("referral", "PUT", f"/v1/partners/{self.id}", body)
        assert status in {200, 201}, answer

    def offers(self) -> list[str]:
        return re.findall(r'href="/offers/([0-9a-f-]+)"', self.browser.get("/offers").text)

    def page(self, offer_id: str) -> Page:
        return self.browser.get(f"/offers/{offer_id}")

    def answers(self, offer_id: str, answer: str, detail: str = "", **others: str) -> Page:
        return self.browser.post(f"/offers/{offer_id}/answer", answer=answer, detail=detail, **others)


def helper(night: Night, *, signs: bool = False, **changes: Any) -> Helper:
    keys = PartnerKeys.new(f"p-{secrets.token_hex(3)}", signs=signs)
    made = Helper(night, keys, night.person("partner-staff", partner=keys.id, name=f"{keys.id}-asha"), signs, changes)
    made.put()
    return made


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world, {"console": f"libraries = {json.dumps(str(javascript(print)))}"}).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def two(night: Night) -> tuple[Helper, Helper]:
    """Two partners for the same help in the same county."""
    return helper(night), helper(night)


@dataclass
class Asked:
    """A case, the partner that is asked first, the one that is next, and the offer to the first."""

    case_ref: str
    first: Helper
    second: Helper
    offer_id: str


@pytest.fixture
def asked(night: Night, two: tuple[Helper, Helper]) -> Asked:
    case_ref = night.report(COUNTY, needs=["legal_aid"], narrative=NARRATIVE)
    (offer,) = eventually(lambda: offers_of(night, case_ref), what="an offer")
    first, second = sorted(two, key=lambda each: each.id != offer["partner_id"])
    return Asked(case_ref, first, second, offer["offer_id"])


def offers_of(night: Night, case_ref: str) -> list[dict[str, Any]]:
    return list(night.ask("referral", "GET", f"/v1/cases/{case_ref}")[1]["offers"])


def test_a_person_of_a_partner_begins_at_its_offers_and_finds_no_other_page_of_staff(asked: Asked) -> None:
    browser = asked.first.browser
    assert browser.get("/").leads_to == "/offers"
    listed = browser.get("/offers")
    menu = re.findall(r'<nav class="groups".*?</nav>', listed.text, re.DOTALL)[0]
    assert set(re.findall(r'href="([^"]+)"', menu)) == {"/offers", "/me", "/help/safety"}
    for path in (f"/c/{asked.case_ref}", f"/c/{asked.case_ref}/story", "/partners", "/people", "/roster", "/parked"):
        assert browser.get(path).status == 404, path
    assert browser.get("/me").status == 200
    assert asked.case_ref not in listed.text, "the partner has a reference of its own"


def test_the_list_of_offers_that_was_shown_is_on_record(night: Night, asked: Asked) -> None:
    assert asked.first.offers()
    with pymongo.MongoClient[dict[str, Any]](night.world.parts.mongo) as client:
        record = on_record(client[night.world.database("referral")])
        entries = list(record.find({"action": "list.read", "subject": "list:offers"}))
    actors = {each["actor"] for each in entries}
    assert f"operator:{asked.first.id}-asha" in actors
    assert all(re.fullmatch("operator:p-[0-9a-f]{6}-asha", each) for each in actors), actors


def test_an_answer_without_its_reason_changes_nothing_and_says_so(night: Night, asked: Asked) -> None:
    first, offer_id = asked.first, asked.offer_id
    (chosen,) = re.findall(r'<select name="detail" required>(<option[^>]*>)', first.page(offer_id).text)
    assert chosen == '<option value="">', "no reason is chosen beforehand"
    shown = first.answers(offer_id, "decline")
    assert (shown.status, "choose a reason or a result first" in shown.text) == (422, True)
    assert first.answers(offer_id, "no-such-answer").status == 404
    assert offers_of(night, asked.case_ref)[0]["state"] in {"offered", "received"}


def test_an_offer_is_accepted_and_finished_on_its_page(night: Night, asked: Asked) -> None:
    first, offer_id = asked.first, asked.offer_id
    assert offer_id in first.offers()
    page = first.page(offer_id)
    assert re.search(r"Answer within (\d+ h )?\d+ min, by ", page.text)
    assert ("Legal aid" in page.text, ">Accept<" in page.text, ">Decline<" in page.text) == (True, True, True)
    assert first.answers(offer_id, "accept").leads_to == f"/offers/{offer_id}"
    assert "Accepted, work has not begun" in first.page(offer_id).text
    assert first.answers(offer_id, "accept").status == 303, "the form is sent twice"
    assert first.answers(offer_id, "start").status == 303
    assert first.answers(offer_id, "complete", "advised").status == 303
    assert "Done" in first.page(offer_id).text
    case = night.ask("referral", "GET", f"/v1/cases/{asked.case_ref}")[1]
    acts = {step["what"]: (step["actor"], step["partner_id"]) for step in case["story"]}
    assert acts["accepted"] == acts["completed"] == (f"operator:{first.id}-asha", first.id)
    late = first.answers(offer_id, "decline", "unsafe")
    assert (late.status, "this answer is not possible any more" in late.text, "Done" in late.text) == (409, True, True)


def test_another_partners_offer_is_one_that_does_not_exist(asked: Asked) -> None:
    second = asked.second
    unknown = second.browser.get("/offers/none-such")
    for path in (f"/offers/{asked.offer_id}", f"/offers/{asked.offer_id}/boxes"):
        hidden = second.browser.get(path)
        assert (hidden.status, hidden.timeless) == (404, unknown.timeless), path
    second.browser.get("/me")
    assert second.answers(asked.offer_id, "accept").status == 404
    assert "accepted" not in second.page(asked.offer_id).text
    assert asked.offer_id not in second.offers()


def test_a_decline_has_a_reason_and_brings_the_need_to_the_next_partner(night: Night, asked: Asked) -> None:
    first, second = asked.first, asked.second
    first.page(asked.offer_id)
    assert first.answers(asked.offer_id, "decline", "bored").status == 404
    assert first.answers(asked.offer_id, "decline", "no_capacity").status == 303
    assert "Declined" in first.page(asked.offer_id).text
    (after,) = eventually(lambda: offers_of(night, asked.case_ref)[1:], what="the next offer")
    assert after["partner_id"] == second.id
    assert after["offer_id"] in second.offers()
    assert second.id not in first.browser.get("/offers").text + first.page(asked.offer_id).text
    assert first.id not in second.browser.get("/offers").text + second.page(after["offer_id"]).text


def test_no_page_names_the_person_and_what_is_sealed_is_fetched_by_its_partner_alone(night: Night, asked: Asked) -> None:
    first, offer_id = asked.first, asked.offer_id
    before = first.page(offer_id).text
    assert json.loads(first.browser.get(f"/offers/{offer_id}/boxes").text)["boxes"] == []
    first.answers(offer_id, "accept")

    def both() -> list[dict[str, str]]:
        boxes = list(json.loads(first.browser.get(f"/offers/{offer_id}/boxes").text)["boxes"])
        return boxes if len(boxes) == 2 else []

    contact, narrative = eventually(both, within=60, what="both boxes")
    after = first.page(offer_id).text + first.browser.get("/offers").text
    for words in (SECRET_WORDS, NARRATIVE, "codeword-marker", "+2547"):
        assert words not in before + after + json.dumps([contact, narrative])
    opened = json.loads(first.keys.opens(contact["box"]))
    assert opened["names"][0].startswith(SECRET_WORDS)
    assert json.loads(first.keys.opens(narrative["box"]))["narrative"] == NARRATIVE
    assert (contact["public_key"], contact["key_id"]) == (first.keys.box_public, seals.key_id(first.keys.box_public))
    assert asked.second.browser.get(f"/offers/{offer_id}/boxes").status == 404
    log = night.services["console"].log.read_text()
    assert offer_id not in log


def test_people_of_a_suspended_or_revoked_partner_can_do_nothing(night: Night) -> None:
    held = helper(night, counties=["KE-11"])
    case_ref = night.report("KE-11", needs=["legal_aid"])
    (offer,) = eventually(lambda: offers_of(night, case_ref), what="an offer")
    held.page(offer["offer_id"])
    for refuse in (lambda: held.put(suspended=True), lambda: night.ask("referral", "POST", f"/v1/partners/{held.id}/revoke")):
        refuse()
        listed = held.browser.get("/offers")
        assert (listed.status, held.offers(), "suspended" in listed.text) == (200, [], True)
        assert held.page(offer["offer_id"]).status == 404
        held.browser.get("/me")
        assert held.answers(offer["offer_id"], "accept").status == 404
        assert held.browser.get(f"/offers/{offer['offer_id']}/boxes").status == 404


def test_a_partner_that_signs_accepts_with_a_signature_and_not_without(night: Night) -> None:
    signing = helper(night, signs=True, counties=["KE-12"])
    case_ref = night.report("KE-12", needs=["legal_aid"])
    (offer,) = eventually(lambda: offers_of(night, case_ref), what="an offer")
    offer_id = offer["offer_id"]
    signing.page(offer_id)
    refused = signing.answers(offer_id, "accept")
    assert (refused.status, "Not accepted: the signature is missing" in refused.text) == (409, True)
    signature = signing.keys.accepts(offer_id, offer["partner_case_ref"])
    assert signing.answers(offer_id, "accept", signature=signature).status == 303
    assert "Accepted" in signing.page(offer_id).text


def test_an_account_that_names_a_partner_that_is_none_is_told_so(night: Night) -> None:
    browser = night.person("partner-staff", partner="no-such-partner")
    assert "Your account belongs to no partner" in browser.get("/offers").text
    assert night.person("custodian").get("/offers").status == 404


def test_the_pages_are_in_swahili_and_referral_that_is_away_is_named(night: Night, asked: Asked) -> None:
    browser = asked.first.browser
    browser.get("/sign-in?lang=sw")
    assert ("Maombi kwetu" in browser.get("/offers").text, "Kubali" in asked.first.page(asked.offer_id).text) == (True, True)
    browser.get("/sign-in?lang=en")
    night.services["referral"].stop()
    try:
        listed = browser.get("/offers")
        assert (listed.status, "Cases and partners cannot be shown now." in listed.text) == (200, True)
        assert asked.first.page(asked.offer_id).status == 503
    finally:
        night.services["referral"].start()
