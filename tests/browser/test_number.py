"""A number is fetched into the page of a person and leaves it: after a minute, when the window is left, on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import NARROWEST, Window
from tests.support.night import Night
from tests.support.staff import Browser

pytestmark = pytest.mark.thorough

SAFE = {"may_contact": True, "channels": ["phone"], "code_word": "mwavuli", "instructions": "Ask for the tailor."}
NAME, NUMBER = "Fictional Moraa Nyaboke", "+254700000997"


@pytest.fixture(scope="module")
def reported(night: Night) -> Callable[..., str]:
    """Report a person who may be called, in these hours only; the registry knows them."""

    def report(hours: list[dict[str, Any]]) -> str:
        subject = {"identity": {"names": [NAME], "phones": ["0700000997"]}}
        case = night.report(subject=subject, contact_safety={**SAFE, "hours": hours})
        known = f"/v1/cases/{case}/readings"
        eventually(lambda: night.ask("registry", "GET", known)[0] == 200, what="the registry to know the person")
        return case

    return report


@pytest.fixture(scope="module")
def case(reported: Callable[..., str]) -> str:
    return reported([])


@pytest.fixture(scope="module")
def officer(night: Night) -> Browser:
    return night.person("duty-officer")


def ask(window: Window, reason: str = "case_work", field: str = "reason") -> None:
    window.page.locator(f"select[name={field}]").select_option(reason)
    window.page.locator("form[data-reveal] button").last.click()


def number(window: Window) -> Locator:
    return window.page.locator(".values").get_by_text(NUMBER)


def is_gone(window: Window) -> None:
    expect(number(window)).to_have_count(0)
    assert not [each for each in (NUMBER, NAME, "mwavuli") if each in window.page.content()]


def test_a_number_stays_for_a_minute_and_not_when_the_window_is_left(opens: Opens, officer: Browser, case: str) -> None:
    with opens(who=officer, size=NARROWEST) as window:
        page = window.page
        page.clock.install()
        window.go(f"/c/{case}/person")
        address, readings = page.url, page.locator("[data-seen] li")
        before = readings.count()
        ask(window)
        expect(number(window)).to_be_visible()
        assert page.url == address
        expect(readings).to_have_count(before + 1)
        number(window).evaluate("each => each.scrollIntoView({block: 'center'})")
        assert [*probes.too_small(page), *window.axe(), *filter(None, [probes.too_wide(page)]), *window.said] == []
        ask(window)
        expect(readings).to_have_count(before + 2)
        window.stop_clock()
        page.clock.run_for(40_000)
        expect(number(window)).to_be_visible()
        page.clock.run_for(16_000)
        is_gone(window)
        page.clock.resume()
        expect(page.get_by_text("Hidden again.")).to_be_visible()
        for left in ("window.dispatchEvent(new Event('blur'))", "window.dispatchEvent(new Event('pagehide'))"):
            ask(window)
            expect(number(window)).to_be_visible()
            page.evaluate(left)
            is_gone(window)
        ask(window)
        page.emulate_media(media="print")
        expect(number(window)).to_be_hidden()


def test_the_page_that_comes_back_shows_no_number(opens: Opens, officer: Browser, case: str) -> None:
    with opens(who=officer) as window:
        window.go(f"/c/{case}/person")
        ask(window)
        expect(number(window)).to_be_visible()
        window.go("/me")
        window.page.go_back()
        expect(window.page.get_by_role("heading", level=1)).to_contain_text("Person")
        is_gone(window)


def test_outside_of_the_safe_hours_the_page_asks_for_a_second_reason_first(
    opens: Opens, officer: Browser, reported: Callable[..., str]
) -> None:
    now = datetime.now(ZoneInfo("Africa/Nairobi"))
    opens_at, closes_at = (now + timedelta(hours=each) for each in (2, 4))
    case = reported([{"opens": f"{opens_at:%H:%M}", "closes": f"{closes_at:%H:%M}"}])
    with opens(who=officer) as window:
        window.go(f"/c/{case}/person")
        ask(window)
        expect(window.page.get_by_role("alert")).to_contain_text("Do not call now. Safe")
        is_gone(window)
        ask(window, "safety_check", "despite")
        expect(number(window)).to_be_visible()
        expect(window.page.get_by_role("alert")).to_contain_text("Do not call now. Safe")


def test_without_script_the_number_is_on_a_page_that_says_to_leave_it(opens: Opens, officer: Browser, case: str) -> None:
    with opens(who=officer, script=False) as window:
        window.go(f"/c/{case}/person")
        ask(window)
        expect(number(window)).to_be_visible()
        expect(window.page.get_by_text("Leave this page when you are done")).to_be_visible()
        window.page.get_by_role("link", name="Hide it").click()
        expect(window.page.get_by_role("heading", level=1)).to_contain_text("Person")
        is_gone(window)
