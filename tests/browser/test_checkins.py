"""A sign of life on a phone: agreed by a caseworker, answered by the person on her own page, asked about by an officer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pymongo
import pytest
from playwright.sync_api import expect

from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night

pytestmark = pytest.mark.thorough

ZONE = ZoneInfo("Africa/Nairobi")
SAFE, HELP, SISTER = "mwavuli", "parachichi", "0700000882"


def is_fine(window: Window) -> None:
    """Every answer 422 is an error to the browser's console; nothing else is said there."""
    page, said = window.page, [each for each in window.said if "status of 422" not in each]
    assert [*probes.too_small(page), *window.axe(), *filter(None, [probes.too_wide(page)]), *said] == []


def registered(night: Night, name: str) -> str:
    return str(night.ask("registry", "POST", "/v1/defenders", {"identity": {"names": [name]}})[1]["defender_ref"])


def planned(window: Window, ref: str) -> str:
    """Agree on a sign of life on the page of a person; returns her link."""
    page = window.page
    window.go(f"/d/{ref}/checkins")
    due = f"{datetime.now(ZONE) + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    page.get_by_label("When is she expected to say that she is safe?").fill(due)
    page.get_by_label("The word that says that all is well").fill(SAFE)
    page.get_by_label("The word that asks for help in secret").fill(SAFE.upper())
    page.get_by_role("button", name="Agree", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("too much alike")
    is_fine(window)
    page.get_by_label("The word that says that all is well").fill(SAFE)
    page.get_by_label("The word that asks for help in secret").fill(HELP)
    page.get_by_label("Name, person 1").fill("Invented Sister")
    page.get_by_label("Phone, person 1").fill(SISTER)
    page.get_by_role("button", name="Agree", exact=True).click()
    expect(page.get_by_role("heading", name="Agreed")).to_be_visible()
    is_fine(window)
    return re.sub(r"^https?://[^/]+", "", page.locator(".codes code").inner_text())


def test_both_words_look_the_same_and_one_asks_for_help(opens: Opens, night: Night) -> None:
    keeper = night.person("caseworker", "intake-officer")
    refs = [registered(night, name) for name in ("Fictional Auma Ojwang", "Fictional Zawadi Karisa")]
    with opens(who=keeper, size=NARROWEST) as window:
        links = [planned(window, ref) for ref in refs]
    seen = []
    with opens(size=NARROWEST) as window:
        page = window.page
        for link, word in zip(links, (SAFE, HELP), strict=True):
            window.go(link)
            page.get_by_label("Word", exact=True).fill("wrong")
            page.get_by_role("button", name="Send").click()
            expect(page.get_by_role("alert")).to_contain_text("Not understood.")
            is_fine(window)
            page.get_by_label("Word", exact=True).fill(word)
            page.get_by_role("button", name="Send").click()
            expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
            is_fine(window)
            seen.append(page.locator("main").inner_html())
    assert seen[0] == seen[1]

    def critical() -> list[Any]:
        cases = night.ask("referral", "GET", "/v1/cases?state=open&limit=500")[1]["cases"]
        of = [night.ask("registry", "GET", f"/v1/defenders?case_ref={each['case_ref']}&reason=case_work") for each in cases]
        return [body["defender_ref"] for status, body in of if status == 200 and body["defender_ref"] in refs]

    assert eventually(critical, within=40, what="the call for help to be a critical case") == [refs[1]]


def test_an_officer_asks_the_people_whom_she_trusts(opens: Opens, night: Night) -> None:
    officer = night.person("duty-officer")
    ref = registered(night, "Fictional Nasimiyu Wafula")
    with opens(who=officer, size=NARROWEST) as window:
        planned(window, ref)
        page = window.page
        with pymongo.MongoClient[Any](night.world.parts.mongo) as client:
            checkins = client[night.world.database("registry")].checkins
            checkins.update_one({"defender_ref": ref}, {"$set": {"next_at": datetime.now(UTC)}})
            eventually(lambda: checkins.count_documents({"defender_ref": ref, "state": "verifying"}), what="it to be unanswered")
        window.go("/checkins")
        card = page.locator("li", has_text="did not come: ask the people whom she trusts")
        assert SISTER not in page.content()
        is_fine(window)
        card.get_by_label("Why do you need to know whom to ask?").select_option("safety_check")
        card.get_by_role("button", name=re.compile("^Show whom to ask")).click()
        expect(page.get_by_text(SISTER)).to_be_visible()
        is_fine(window)
        window.go("/checkins")
        card.get_by_role("button", name=re.compile("^She is safe")).click()
        expect(page.get_by_text("did not come: ask the people whom she trusts")).to_have_count(0)
