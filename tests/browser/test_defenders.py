"""A person without a case is registered, found again by her number, and released, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night

pytestmark = pytest.mark.thorough

NAME, PHONE, SHOWN = "Invented Nekesa Barasa", "0700000771", "+254700000771"


def is_fine(window: Window) -> None:
    """Every answer 422 is an error to the browser's console; nothing else is said there."""
    page, said = window.page, [each for each in window.said if "status of 422" not in each]
    assert [*probes.too_small(page), *window.axe(), *filter(None, [probes.too_wide(page)]), *said] == []


def test_a_person_is_registered_found_and_released(opens: Opens, night: Night) -> None:
    keeper = night.person("caseworker")
    with opens(who=keeper, size=NARROWEST) as window:
        page = window.page
        window.go("/defenders/new")
        page.get_by_role("button", name="Register").click()
        expect(page.get_by_role("alert")).to_contain_text("Give a name, a phone or an e-mail.")
        page.get_by_label("E-mail addresses, each on a line").fill("no address")
        page.get_by_role("button", name="Register").click()
        expect(page.get_by_role("alert")).to_contain_text("This is no e-mail address.")
        is_fine(window)
        page.get_by_label("E-mail addresses, each on a line").fill("")
        page.get_by_label("Names, each on a line").fill(NAME)
        page.get_by_label("Phones, each on a line").fill(PHONE)
        page.get_by_role("button", name="Register").click()
        expect(page).to_have_url(re.compile(r"/d/DEF-\w+$"))
        address = page.url
        assert not [each for each in (NAME, PHONE, SHOWN) if each in page.content()], "the record is masked"
        is_fine(window)

        window.go("/defenders")
        page.get_by_label("Names, each on a line").fill("Nekesa")
        page.get_by_label("Why do you look for this person?").select_option("case_work")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("alert")).to_contain_text("Give two words of the name")
        page.get_by_label("Names, each on a line").fill("")
        page.get_by_label("Phones, each on a line").fill(PHONE)
        page.get_by_label("Why do you look for this person?").select_option("case_work")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_text(NAME)).to_be_visible()
        expect(page.get_by_text(SHOWN)).to_be_visible()
        assert PHONE[1:] not in page.url
        is_fine(window)
        page.get_by_role("link", name=re.compile("^Open DEF-")).click()
        expect(page).to_have_url(address)

        page.get_by_role("button", name=re.compile("^End the registration")).click()
        expect(page.get_by_role("button", name=re.compile("^End the registration"))).to_have_count(0)
