"""A report is taken by phone in a real browser: each question fits, can be used by everyone, and asks no script."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opens
from tests.support import probes
from tests.support.browsing import DESKTOP, LATER_LOAD, NARROWEST, PHONE, Window, reads
from tests.support.night import NAIROBI, Night

pytestmark = pytest.mark.thorough

CHOSEN = ("yes", "self", "disappearance", "enforced_disappearance", "no", "days", "police")
"""Up to the fourth question."""


def choose(window: Window, code: str) -> None:
    window.page.locator(f"button[name='choice'][value='{code}']").click()


def fill(window: Window, **typed: str) -> None:
    for name, value in typed.items():
        window.page.locator(f"[name='{name}']").fill(value)


def continues(window: Window) -> None:
    window.button("Continue").click()


def county(window: Window) -> None:
    window.page.locator("select[name='choice']").select_option(NAIROBI)
    continues(window)


def needs(window: Window) -> None:
    window.page.locator("[name='need_legal_aid']").check()
    continues(window)


def reach(window: Window) -> None:
    fill(window, opens="18:00", closes="20:00", code_word="mwezi")
    choose(window, "yes")


def person(window: Window) -> None:
    fill(window, name="Invented Wairimu", phone="0700 000 421")
    continues(window)


def words(window: Window) -> None:
    fill(window, text="They came at night.")
    continues(window)


STEPS = (
    *((lambda window, code=code: choose(window, code)) for code in CHOSEN), county, needs,
    lambda window: choose(window, "yes"), reach, person, words,
)  # fmt: skip


def looks(window: Window, *, with_axe: bool) -> list[str]:
    """What is wrong with the page of one question. In a window as high as the page no bar covers what a scroll would show."""
    page, found = window.page, probes.too_wide(window.page)
    size: Any = page.viewport_size
    page.set_viewport_size({**size, "height": int(page.evaluate("document.documentElement.scrollHeight"))})
    wrong = [*probes.too_small(page), *probes.alike(page), *([found] if found else [])]
    wrong += window.axe() if with_axe else ()
    wrong += [f"{long} characters"] if (long := len(page.content())) > LATER_LOAD else []
    page.set_viewport_size(size)
    return [f"{page.locator('h1').inner_text()}: {each}" for each in wrong]


@pytest.mark.parametrize(("language", "size", "script"), [("en", PHONE, True), ("sw", NARROWEST, True), ("en", DESKTOP, False)])
def test_a_call_is_taken_question_by_question(
    opens: Opens, night: Night, language: str, size: tuple[int, int], script: bool
) -> None:
    who = reads(night.person("intake-officer"), language)
    with opens(who=who, language=language, size=size, script=script) as window:
        assert window.go("/report") == 200
        wrong = looks(window, with_axe=script)
        for step in STEPS:
            with window.page.expect_navigation():
                step(window)
            wrong += looks(window, with_axe=script)
        expect(window.heading("Check answers")).to_be_visible()
        assert window.page.title() == "Desk"
        window.button("Send report").click()
        expect(window.heading("Report sent")).to_be_visible()
        wrong += looks(window, with_axe=script)
        assert window.page.url.endswith("/report"), "no answer is in an address"
        assert not window.left_the_origin()
        assert not window.said
        assert wrong == [], "\n".join(wrong)
