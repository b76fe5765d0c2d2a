"""A risk assessment is saved, read for a reason, changed by two officers and erased, on a phone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.test_defenders import is_fine
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night

pytestmark = pytest.mark.thorough

THREAT, WEAKNESS, STRENGTH, MEASURE = "inventedmotorcycle", "inventedevening", "inventedneighbour", "inventedroute"
WORDS = (THREAT, WEAKNESS, STRENGTH, MEASURE)
SOON = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()


def fill(page: Page) -> None:
    page.get_by_label("Threat 1: what may be done, and by whom").fill(THREAT)
    page.get_by_label("Threat 1: how likely").select_option("likely")
    page.get_by_label("Threat 1: how bad").select_option("severe")
    page.get_by_label("What makes it easier to harm them").fill(WEAKNESS)
    page.get_by_label("How vulnerable").select_option("high")
    page.get_by_label("What they and others can set against it").fill(STRENGTH)
    page.get_by_label("How much they can set against it").select_option("low")
    page.get_by_label("Measure 1: what is done").fill(MEASURE)
    page.get_by_label("Measure 1: who is responsible").select_option("family")
    page.get_by_label("Review it with her on").fill(SOON)


def test_a_plan_is_saved_read_changed_and_erased(opens: Opens, night: Night) -> None:
    keeper = night.person("caseworker")
    ref = night.ask("registry", "POST", "/v1/defenders", {"identity": {"names": ["Invented Atieno Were"]}})[1]["defender_ref"]
    with opens(who=keeper, size=NARROWEST) as window:
        page = window.page
        window.go(f"/d/{ref}")
        page.get_by_role("link", name="Risk and protection plan").click()
        page.get_by_role("link", name="Assess the risk: The person").click()
        is_fine(window)
        fill(page)
        page.get_by_role("button", name="Save this version").click()
        expect(page.get_by_role("alert")).to_contain_text("A measure lacks who is responsible, or the day.")
        expect(page.get_by_label("Threat 1: what may be done, and by whom")).to_have_value(THREAT)
        is_fine(window)
        page.get_by_label("Measure 1: until which day").fill(SOON)
        page.get_by_role("button", name="Save this version").click()

        expect(page).to_have_url(re.compile(f"/d/{ref}/protection$"))
        expect(page.get_by_text(f"To be reviewed on {SOON}.")).to_be_visible()
        assert not [word for word in WORDS if word in page.content()], "the page says nothing of what the plan says"
        is_fine(window)
        page.get_by_label("Why do you need what it says?").select_option("case_work")
        page.get_by_role("button", name="Read it").click()
        for word in WORDS:
            expect(page.get_by_text(word)).to_be_visible()
        expect(page.get_by_role("heading", name="Extreme risk")).to_be_visible()
        is_fine(window)

        change_and_erase(window, night, ref)


def change_and_erase(window: Window, night: Night, ref: str) -> None:
    """Change it while another officer saves a version, find it in the list of what is due, and erase it."""
    page = window.page
    window.go(f"/d/{ref}/protection")
    page.get_by_label("Why do you open it?").select_option("case_work")
    page.get_by_role("button", name="New version: The person").click()
    expect(page.get_by_label("Measure 1: what is done")).to_have_value(MEASURE)
    path, body = f"/v1/defenders/{ref}/assessments/person", plan_of_another()
    assert night.ask("registry", "PUT", path, body)[0] == 200
    page.get_by_label("Measure 1: how far it is").select_option("done")
    page.get_by_label("Review it with her on").fill(SOON)
    page.get_by_role("button", name="Save this version").click()
    expect(page.get_by_role("alert")).to_contain_text("Someone else saved a version meanwhile.")
    page.get_by_role("button", name="Save this version").click()
    expect(page.get_by_text("Version 3, saved by")).to_be_visible()
    expect(page.get_by_role("heading", name="Versions (3)")).to_be_visible()

    window.go("/protection")
    page.get_by_role("link", name=f"Open the plan of {ref}").click()
    expect(page).to_have_url(re.compile(f"/d/{ref}/protection$"))
    page.get_by_text("It is not needed any more").click()
    page.get_by_role("button", name="Erase the plan: The person").click()
    expect(page.get_by_role("link", name="Assess the risk: The person")).to_be_visible()


def plan_of_another() -> dict[str, object]:
    threat = {"words": "inventedother", "likelihood": "possible", "impact": "minor"}
    return {"seen": 1, "threats": [threat], "vulnerability": "low", "capacity": "high", "review_on": SOON}
