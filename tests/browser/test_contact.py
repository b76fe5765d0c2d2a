"""How a person may be reached is recorded, shown for a reason, confirmed again and stopped, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.test_defenders import is_fine
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night

pytestmark = pytest.mark.thorough

PHONE, SHOWN, WORD = "0700000772", "+254700000772", "inventedumbrella"


def fill(page: Page, address: str, opens: str, closes: str) -> None:
    page.get_by_label("One number or one e-mail address").fill(address)
    page.get_by_label("Safe from").fill(opens)
    page.get_by_label("Safe until").fill(closes)
    page.get_by_role("button", name="Record it").click()


def confirm_and_stop(window: Window, night: Night, ref: str) -> None:
    """Confirm what is shown again, stop contact, allow it again, and remove the contact."""
    page = window.page
    page.get_by_label("She confirmed all of it again").select_option("by_phone")
    page.get_by_role("button", name="Confirm contact 1").click()
    expect(page.get_by_text("On the phone,")).to_be_visible()

    page.get_by_role("button", name="Stop all contact now").click()
    expect(page.get_by_role("alert")).to_contain_text("they have said stop")
    is_fine(window)
    assert night.ask("registry", "GET", f"/v1/contact-safety/{ref}")[1]["reason"] == "stopped"
    page.get_by_role("button", name="Allow contact again").click()
    expect(page.get_by_role("button", name="Stop all contact now")).to_be_visible()
    page.get_by_role("button", name="Remove contact 1").click()
    expect(page.get_by_text("No one has confirmed a contact.")).to_be_visible()


def test_a_contact_is_recorded_shown_confirmed_and_stopped(opens: Opens, night: Night) -> None:
    keeper = night.person("caseworker")
    person = {"identity": {"names": ["Invented Wairimu Otieno"]}}
    ref = night.ask("registry", "POST", "/v1/defenders", person)[1]["defender_ref"]
    with opens(who=keeper, size=NARROWEST) as window:
        page = window.page
        window.go(f"/d/{ref}")
        page.get_by_role("link", name="How to reach her").click()
        expect(page.get_by_text("No one has confirmed a contact.")).to_be_visible()
        page.get_by_role("link", name="Record a contact").click()
        is_fine(window)
        page.get_by_label("Channel").select_option("phone")
        page.get_by_label("Yes, as she says below").check()
        page.get_by_label("Who answers").select_option("only_the_person")
        page.get_by_label("Voicemail").select_option("never")
        page.get_by_label("What name to say").select_option("own_name")
        page.get_by_label("Code word").fill(WORD)
        page.get_by_label("How she confirmed it").select_option("in_person")
        fill(page, f"{PHONE} / 0700000773", "18:00", "20:00")
        expect(page.get_by_role("alert")).to_contain_text("These are two phones.")
        is_fine(window)
        fill(page, PHONE, "18:00", "18:00")
        expect(page.get_by_role("alert")).to_contain_text("The hours close when they open.")
        fill(page, PHONE, "18:00", "20:00")

        expect(page).to_have_url(re.compile(f"/d/{ref}/contact$"))
        expect(page.get_by_text("Say your own name, not the organisation")).to_be_visible()
        assert not [each for each in (PHONE, SHOWN, WORD, "18:00") if each in page.content()], "the page is masked"
        is_fine(window)
        page.get_by_label("Why do you need the numbers and words?").select_option("case_work")
        page.get_by_role("button", name="Show numbers and words").click()
        expect(page.get_by_text(SHOWN)).to_be_visible()
        expect(page.get_by_text(WORD)).to_be_visible()
        assert PHONE[1:] not in page.url
        is_fine(window)

        confirm_and_stop(window, night, ref)
