"""What happens on a page by itself: news without a row that moves, age, the lock, and acts that the network did not take."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support.browsing import PHONE, Window
from tests.support.night import Night
from tests.support.staff import PASSWORD, Browser, invite, set_up

pytestmark = pytest.mark.thorough

NOTE = "Her sister answers the phone. Ask for the word first."
POLLED, HELD, STALE, IDLE = 16_000, 900, 125_000, 301_000
PLACES = """() => Object.fromEntries([...document.querySelectorAll("[data-rows] > [id]")].map((each) =>
  [each.id, Math.round(each.getBoundingClientRect().top + scrollY)]))"""


@pytest.fixture
def officer(night: Night) -> Browser:
    return night.person("duty-officer")


@contextmanager
def timed(opens: Opens, **how: Any) -> Iterator[tuple[Window, Page]]:
    """A window whose clock the test moves on."""
    with opens(**how) as window:
        window.page.clock.install()
        yield window, window.page


def choose(page: Page) -> tuple[Locator, str]:
    """Choose why a need is closed, and send nothing; gives the field and what is in it."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    field = page.locator("select[name=reason]").first
    field.select_option(index=2)
    return field, field.input_value()


def seen(night: Night, case: str) -> bool:
    messages = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    return bool(messages) and all(each["acknowledged_by"] for each in messages if each["ladder"])


def test_a_critical_case_appears_in_the_place_that_is_kept_for_it_and_the_next_ones_wait(
    opens: Opens, night: Night, officer: Browser
) -> None:
    known = night.report()
    with timed(opens, who=officer, size=PHONE) as (window, page):
        window.go("/")
        places = page.evaluate(PLACES)
        assert known in places
        first = night.report()
        page.clock.fast_forward(POLLED)
        expect(page.locator(f"[data-slot] #{first}")).to_be_visible()
        assert page.evaluate(PLACES) == places
        night.report()
        page.clock.fast_forward(POLLED)
        button = window.button("Show %(number)s new", number=1)
        expect(button).to_be_visible()
        assert page.evaluate(PLACES) == places
        night.report()
        page.clock.fast_forward(POLLED)
        button = window.button("Show %(number)s new", number=2)
        expect(button).to_be_visible()
        button.click()
        assert page.evaluate(PLACES) == places, "a button that has just changed takes no tap"
        page.clock.fast_forward(HELD)
        button.click()
        expect(page.locator("[data-slot] > *")).to_have_count(0)
        assert len(page.evaluate(PLACES)) == len(places) + 3
        assert window.said == []


def test_a_known_row_changes_its_words_and_keeps_its_place(opens: Opens, night: Night, officer: Browser) -> None:
    case, other = night.report(), night.person("duty-officer")
    with timed(opens, who=officer) as (window, page):
        window.go("/")
        places, row = page.evaluate(PLACES), page.locator(f"#{case}")
        expect(row).to_contain_text("Not seen")
        other.get(f"/c/{case}")
        assert other.post(f"/c/{case}/seen").status == 303
        page.clock.fast_forward(POLLED)
        expect(row).not_to_contain_text("Not seen")
        assert page.evaluate(PLACES) == places


def test_a_board_without_network_says_since_when(opens: Opens, night: Night, officer: Browser) -> None:
    night.report()
    with timed(opens, who=officer) as (window, page):
        window.go("/")
        window.context.set_offline(True)
        page.clock.run_for(STALE)
        expect(page.locator(".as-of.stale")).to_have_text(re.compile(r"As of \d\d:\d\d"))
        for each in page.locator("time[data-due]").all_text_contents():
            assert re.fullmatch(r"due ([\d-]+ )?\d\d:\d\d", each), each
        window.context.set_offline(False)
        page.clock.fast_forward(POLLED)
        expect(page.locator(".as-of.stale")).to_have_count(0)


def test_a_case_that_another_person_has_changed_shows_a_bar_and_keeps_what_was_typed(
    opens: Opens, night: Night, officer: Browser
) -> None:
    case, other = night.report(), night.person("duty-officer")
    with timed(opens, who=officer) as (window, page):
        window.go(f"/c/{case}")
        reason, chosen = choose(page)
        owner = other.get(f"/c/{case}").field("seen_owner")
        assert other.post(f"/c/{case}/owner", seen_owner=owner).status == 303
        page.clock.fast_forward(POLLED)
        expect(page.locator("[data-bar]")).to_have_text(re.compile(r"^staff-\w+ changed this at \d\d:\d\d\. Look again\.$"))
        assert reason.input_value() == chosen


def test_a_note_survives_the_end_of_the_session_and_is_sent_once(opens: Opens, night: Night) -> None:
    case, name = night.report(), f"amina-{secrets.token_hex(3)}"
    officer = Browser(night.services["console"].port)
    secret, _ = set_up(officer, invite(night.services["console"], night.world.operator_key, name, "duty-officer"))
    with opens(who=officer) as window:
        page = window.page
        window.go(f"/c/{case}/notes")
        page.locator("textarea[name=text]").fill(NOTE)
        officer.get("/me")
        assert officer.post("/sign-out").status == 303, "the session ends elsewhere"
        page.locator("form[action$='/notes'] button").click()
        expect(window.heading("Sign in again. Your text is kept.")).to_be_visible()
        window.link("Continue").click()
        window.field("Name").fill(name)
        window.field("Password").fill(PASSWORD)
        window.field("Code of the app, or a recovery code").fill(pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1))
        page.locator("form[action='/sign-in'] button:not([type=button])").click()
        expect(window.heading("Your text is kept")).to_be_visible()
        expect(page.locator("textarea")).to_have_value(NOTE)
        window.button("Send now").dblclick()
        page.wait_for_url(f"**/c/{case}/notes")
        expect(page.get_by_text(NOTE)).to_have_count(1)
        window.go("/kept")
        window.shows("Nothing is kept.")


def test_a_half_typed_note_comes_back_after_the_lock(opens: Opens, night: Night, officer: Browser) -> None:
    case = night.report()
    with timed(opens, who=officer) as (window, page):
        window.go(f"/c/{case}/notes")
        page.locator("textarea[name=text]").fill(NOTE)
        page.clock.run_for(IDLE)
        page.wait_for_url("**/unlock")
        assert NOTE not in page.content()
        assert NOTE not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        window.field("Password").fill(PASSWORD)
        window.button("Unlock").click()
        page.wait_for_url(f"**/c/{case}/notes")
        expect(page.locator("textarea[name=text]")).to_have_value(NOTE)
        page.locator("form[action$='/notes'] button").click()
        expect(page.locator(".words", has_text=NOTE)).to_have_count(1)
        expect(page.locator("textarea[name=text]")).to_have_value("")


@pytest.mark.parametrize("script", [True, False])
def test_a_half_typed_note_survives_another_owner_and_a_restart_of_the_console(
    opens: Opens, night: Night, officer: Browser, script: bool
) -> None:
    case, console = night.report(), night.services["console"]
    other = night.person("duty-officer", name=f"juma-{secrets.token_hex(3)}")
    with opens(who=officer, script=script) as window:
        page = window.page
        window.go(f"/c/{case}/notes")
        page.locator("textarea[name=text]").fill(NOTE)
        assert other.post(f"/c/{case}/owner", seen_owner=other.get(f"/c/{case}").field("seen_owner")).status == 303
        console.stop()
        console.start()
        expect(page.locator("textarea[name=text]")).to_have_value(NOTE)
        page.locator("form[action$='/notes'] button").click()
        expect(page.locator(".words", has_text=NOTE)).to_have_count(1)
        window.go(f"/c/{case}")
        window.shows("Owner: %(name)s", name=night.ask("referral", "GET", f"/v1/cases/{case}")[1]["owner"])
        assert other.get(f"/c/{case}/notes").text.count(NOTE) == 1


def test_a_note_that_is_sent_while_the_console_restarts_waits_and_is_sent_once(
    opens: Opens, night: Night, officer: Browser
) -> None:
    case, console = night.report(), night.services["console"]
    with opens(who=officer) as window:
        page = window.page
        window.go(f"/c/{case}/notes")
        page.locator("textarea[name=text]").fill(NOTE)
        console.stop()
        page.locator("form[action$='/notes'] button").click()
        window.shows("No network. %(number)s not sent.", number=1)
        assert NOTE not in page.evaluate("JSON.stringify({...localStorage})")
        console.start()
        expect(page.locator("[data-queue]")).to_contain_text("Sent.", timeout=70_000)
        window.go(f"/c/{case}/notes")
        expect(page.locator(".words", has_text=NOTE)).to_have_count(1)


@pytest.mark.parametrize("why", ["idle", "hidden"])
def test_the_screen_locks_and_what_was_typed_comes_back(opens: Opens, night: Night, officer: Browser, why: str) -> None:
    case = night.report()
    with timed(opens, who=officer) as (window, page):
        window.go(f"/c/{case}")
        _, chosen = choose(page)
        if why == "hidden":
            page.evaluate("""() => {
              Object.defineProperty(document, "hidden", {value: true, configurable: true});
              document.dispatchEvent(new Event("visibilitychange"));
            }""")
            page.clock.fast_forward(61_000)
        else:
            window.stop_clock()
            page.clock.run_for(IDLE - 40_000)
            expect(page.locator("[data-warning]")).to_be_visible()
            page.locator("h1").click()
            expect(page.locator("[data-warning]")).to_be_hidden()
            page.clock.run_for(IDLE)
            page.clock.resume()
        page.wait_for_url("**/unlock")
        assert case not in page.content()
        page.goto("/")
        expect(window.heading("The screen is locked.")).to_be_visible()
        window.field("Password").fill(PASSWORD)
        window.button("Unlock").click()
        page.wait_for_url(f"**/c/{case}")
        assert page.locator("select[name=reason]").first.input_value() == chosen


def test_an_act_without_network_is_kept_as_ciphertext_and_sent_once_the_network_is_back(
    opens: Opens, night: Night, officer: Browser
) -> None:
    case = night.report()
    with opens(who=officer) as window:
        page = window.page
        window.go("/")
        window.context.set_offline(True)
        window.button("Confirm seen, %(case)s", case=case).click()
        window.shows("No network. %(number)s not sent.", number=1)
        stored = page.evaluate("JSON.stringify({...localStorage})")
        assert "acts" in stored
        assert case not in stored
        assert not seen(night, case)
        window.context.set_offline(False)
        expect(page.locator("[data-queue]")).to_contain_text("Sent.")
        eventually(lambda: seen(night, case), what="the act to be known")
        assert page.evaluate("localStorage.length") == 0


def test_what_one_person_could_not_send_waits_for_them_although_another_one_signs_in_at_the_same_browser(
    opens: Opens, night: Night, officer: Browser
) -> None:
    case, other = night.report(), night.person("duty-officer")
    with opens(who=officer) as window:
        page = window.page

        def enter(who: Browser) -> None:
            origin = page.evaluate("location.origin")
            kept = {"url": origin, "httpOnly": True, "sameSite": "Strict"}
            window.context.add_cookies([{"name": name, "value": value, **kept} for name, value in who.cookies.items()])
            window.go("/me")

        page.route("**/seen", lambda route: route.abort())
        window.go("/")
        window.button("Confirm seen, %(case)s", case=case).click()
        window.shows("No network. %(number)s not sent.", number=1)
        page.unroute("**/seen")
        officer.cookies |= {each["name"]: each["value"] for each in window.context.cookies()}
        enter(other)
        page.wait_for_timeout(1000)
        expect(page.locator("[data-queue]")).to_be_hidden()
        assert page.evaluate("localStorage.length") == 1
        assert not seen(night, case)
        enter(officer)
        expect(page.locator("[data-queue]")).to_contain_text("Sent.")
        eventually(lambda: seen(night, case), what="the act to be known")
        assert page.evaluate("localStorage.length") == 0


def test_signing_out_asks_about_what_was_not_sent_and_forgets_it(opens: Opens, night: Night, officer: Browser) -> None:
    case, asked = night.report(), []
    with opens(who=officer) as window:
        page = window.page
        page.route("**/seen", lambda route: route.abort())
        window.go("/")
        window.button("Confirm seen, %(case)s", case=case).click()
        window.shows("No network. %(number)s not sent.", number=1)
        window.go("/me")
        window.shows("No network. %(number)s not sent.", number=1)
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        window.button("Sign out").click()
        assert asked == ["1 not sent. Sign out and lose it?"]
        assert page.evaluate("localStorage.length") == 1
        page.once("dialog", lambda dialog: dialog.accept())
        window.button("Sign out").click()
        page.wait_for_url("**/sign-in")
        assert page.evaluate("localStorage.length") == 0


def test_keys_of_a_keyboard_work_outside_of_fields(opens: Opens, night: Night, officer: Browser) -> None:
    case = night.report()
    with opens(who=officer) as window:
        page = window.page
        window.go("/")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(page.locator("[data-rows] > [id] a").first).to_be_focused()
        window.go(f"/c/{case}")
        choose(page)[0].focus()
        page.keyboard.press("s")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert not seen(night, case)
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press("b")
        expect(window.heading("Board")).to_be_visible()
