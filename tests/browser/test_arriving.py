"""A person comes from the link in a message: signed in, she confirms with two taps; else she is led to the case afterwards."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import expect

from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support.browsing import DESKTOP, PHONE, Window, reads
from tests.support.night import Night
from tests.support.staff import PASSWORD, Browser, invite, set_up

pytestmark = pytest.mark.thorough

MAIL = "https://mail.example.org/"
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "without script"])


def link_to(night: Night, case: str) -> str:
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    return f"/m/{next(each['reference'] for each in told if each['ladder'])}"


def follow(window: Window, link: str) -> None:
    """Tap a link in a mail that is read on another site, for which a browser keeps the console's cookie back."""
    mail = f"<!doctype html><title>Mail</title><a href='{window.origin}{link}'>Please look now</a>"
    window.page.route(f"{MAIL}**", lambda route: route.fulfill(body=mail, content_type="text/html"))
    window.page.goto(MAIL)
    window.page.get_by_role("link").click()


def confirm(window: Window, night: Night, case: str) -> None:
    """Tap the one button by which every alarm of the case is confirmed; no scrolling is needed to reach it."""
    button = window.page.locator(f"form[action='/c/{case}/seen'] button")
    expect(button).to_be_in_viewport()
    button.click()
    eventually(lambda: is_seen(night, case), what="every alarm of the case to be confirmed")
    expect(button).to_have_count(0)


def is_seen(night: Night, case: str) -> bool:
    messages = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    return bool(messages) and all(each["acknowledged_by"] for each in messages if each["ladder"])


@pytest.mark.parametrize(
    ("language", "size", "script"), [("en", PHONE, True), ("sw", DESKTOP, True), ("en", PHONE, False)],
    ids=["en-360", "sw-1280", "without script"],
)  # fmt: skip
def test_two_taps_lead_from_a_message_to_silence(
    opens: Opens, night: Night, language: str, size: tuple[int, int], script: bool
) -> None:
    case, officer = night.report(), night.person("duty-officer")
    with opens(who=reads(officer, language), language=language, size=size, script=script) as window:
        follow(window, link_to(night, case))
        window.page.wait_for_url(f"**/c/{case}")
        confirm(window, night, case)


@SCRIPT
def test_one_who_signs_in_first_is_led_to_the_case_of_the_message(opens: Opens, night: Night, script: bool) -> None:
    case, name, console = night.report(), f"amina-{secrets.token_hex(3)}", night.services["console"]
    secret, _ = set_up(Browser(console.port), invite(console, night.world.operator_key, name, "duty-officer"))
    with opens(script=script) as window:
        follow(window, link_to(night, case))
        expect(window.heading("Sign in")).to_be_visible()
        assert window.page.url == f"{window.origin}/sign-in", "the address says nothing of the message"
        window.field("Name").fill(name)
        window.field("Password").fill(PASSWORD)
        window.field("Code of the app, or a recovery code").fill(pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1))
        window.page.locator("form[action='/sign-in'] button:not([type=button])").click()
        window.page.wait_for_url(f"**/c/{case}")
        confirm(window, night, case)


@SCRIPT
def test_one_whose_screen_is_locked_unlocks_it_and_is_led_to_the_case_of_the_message(
    opens: Opens, night: Night, script: bool
) -> None:
    case, officer = night.report(), night.person("duty-officer")
    officer.get("/me")
    assert officer.post("/lock", back="/me").leads_to == "/unlock"
    with opens(who=officer, script=script) as window:
        follow(window, link_to(night, case))
        expect(window.heading("The screen is locked.")).to_be_visible()
        assert case not in window.page.content()
        window.field("Password").fill(PASSWORD)
        window.button("Unlock").click()
        window.page.wait_for_url(f"**/c/{case}")
        confirm(window, night, case)
