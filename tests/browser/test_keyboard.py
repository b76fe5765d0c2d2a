"""A night by the keys of a keyboard alone: no act needs a pointer, and what has the focus is seen to have it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opens
from tests.browser.test_night_pages import set_aside
from tests.support.browsing import DESKTOP, Window, reads
from tests.support.coalition import Coalition
from tests.support.night import MOMBASA, NAIROBI, Night
from tests.support.probes import focused
from tests.support.staff import PASSWORD, Browser, invite, set_up

pytestmark = pytest.mark.thorough

_MOST_TABS = 200


def reach(window: Window, wanted: Locator) -> None:
    """Go by Tab to what is wanted. It must be seen to have the focus, and nothing may cover it."""
    expect(wanted).to_be_visible()
    for _ in range(_MOST_TABS):
        if wanted.evaluate("each => each === document.activeElement"):
            name, trouble = focused(window.page)
            assert not trouble, f"{name}: {trouble}"
            return
        window.page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {wanted}")


def press(window: Window, wanted: Locator, *, leads_on: bool = True) -> None:
    """Press a button or follow a link by Enter; with `leads_on` another page is loaded."""
    reach(window, wanted)
    if not leads_on:
        window.page.keyboard.press("Enter")
        return
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")


def write(window: Window, field: Locator, text: str) -> None:
    reach(window, field)
    window.page.keyboard.type(text)


def choose(window: Window, field: Locator, *, down: int = 1) -> None:
    """Choose what is so many places below the first in a list."""
    reach(window, field)
    for _ in range(down):
        window.page.keyboard.press("ArrowDown")


def test_a_person_signs_in_and_leaves_by_keys(opens: Opens, night: Night, neutral: str) -> None:
    name = f"amina-{secrets.token_hex(3)}"
    console = night.services["console"]
    secret, _ = set_up(Browser(console.port), invite(console, night.world.operator_key, name, "duty-officer"))
    with opens(size=DESKTOP) as window:
        window.go("/sign-in")
        write(window, window.field("Name"), name)
        write(window, window.field("Password"), PASSWORD)
        app = pyotp.TOTP(secret)
        write(window, window.field("Code of the app, or a recovery code"), app.at(datetime.now(UTC), counter_offset=1))
        press(window, window.page.locator("form[action='/sign-in'] button:not([type=button])"))
        expect(window.heading("Board")).to_be_visible()
        reach(window, window.button("Leave now"))
        window.page.keyboard.press("Enter")
        window.page.wait_for_url(f"{neutral}**")


@pytest.mark.parametrize("language", ["en", "sw"])
def test_a_case_is_worked_on_by_keys(opens: Opens, night: Night, coalition: Coalition, language: str) -> None:
    county = coalition.county()
    case, other = night.report(county, needs=["legal_aid"]), night.report(county)
    coalition.reaches(case, "unroutable")
    with opens(who=reads(night.person("duty-officer"), language), language=language, size=DESKTOP) as window:
        page = window.page
        window.go(f"/c/{case}")
        press(window, window.button("Confirm seen, %(case)s", case=case))
        page.wait_for_url(f"**/c/{case}")
        window.go(f"/c/{other}")
        press(window, window.button("Take over, %(case)s", case=other))
        expect(window.button("Take over, %(case)s", case=other)).to_have_count(0)
        window.go(f"/c/{case}")
        press(window, window.button("Find a partner again"))
        press(window, page.locator("summary", has_text=window.say("Close need")).first, leads_on=False)
        choose(window, page.locator("select[name=reason]").first)
        press(window, page.locator(f"form[action='/c/{case}/settle'] button").first)
        expect(page.locator("main")).to_contain_text(window.say("settled"))
        press(window, page.locator("summary", has_text=window.say("Print")), leads_on=False)
        choose(window, page.locator(f"form[action='/c/{case}/print'] select"))
        press(window, page.locator(f"form[action='/c/{case}/print'] button"))
        expect(page.locator("main")).to_contain_text(case)
        window.go(f"/c/{case}/notes")
        write(window, page.locator("main textarea[name=text]"), "An invented note.")
        press(window, page.locator(f"form[action='/c/{case}/notes'] button").first)
        expect(page.locator("main .words").first).to_have_text("An invented note.")
        press(window, page.locator(f"main a[href='/c/{case}']").first)
        press(window, page.locator(f"main a[href='/c/{case}/story']").first)
        expect(window.heading("Story of %(case)s", case=case)).to_be_visible()
        assert window.said == []


def test_the_end_of_a_shift_is_handed_over_by_keys(opens: Opens, night: Night, coalition: Coalition) -> None:
    night.person("duty-officer")  # who takes it over
    case = night.report(coalition.county())
    with opens(who=night.person("duty-officer"), size=DESKTOP) as window:
        window.go("/handover")
        choose(window, window.page.locator("select[name=to]"))
        press(window, window.button("Hand over, %(case)s", case=case))
        expect(window.page.locator("main")).to_contain_text(case)
        expect(window.page.locator("main")).to_contain_text("owns it now")


def test_a_report_is_taken_by_keys(opens: Opens, night: Night) -> None:
    with opens(who=night.person("intake-officer"), size=DESKTOP) as window:
        page = window.page
        window.go("/report")
        for code in ("yes", "self", "disappearance", "enforced_disappearance", "no", "days", "police"):
            press(window, page.locator(f"button[name='choice'][value='{code}']"))
        choose(window, page.locator("select[name='choice']"), down=5)
        press(window, window.button("Continue"))
        reach(window, page.locator("[name='need_legal_aid']"))
        page.keyboard.press("Space")
        press(window, window.button("Continue"))
        press(window, page.locator("button[name='choice'][value='yes']"))
        write(window, page.locator("[name='code_word']"), "mwezi")
        press(window, page.locator("button[name='choice'][value='yes']"))
        write(window, page.locator("[name='name']"), "Invented Wairimu")
        press(window, window.button("Continue"))
        write(window, page.locator("[name='text']"), "They came at night.")
        press(window, window.button("Continue"))
        expect(window.heading("Check answers")).to_be_visible()
        press(window, window.button("Send report"))
        expect(window.heading("Report sent")).to_be_visible()
        assert window.said == []


def test_a_candidate_is_decided_by_keys(opens: Opens, night: Night) -> None:
    name = f"Invented {secrets.token_hex(4).translate(str.maketrans('0123456789', 'ghijklmnop')).capitalize()}"
    night.report(NAIROBI, person=name)
    case = night.report(MOMBASA, person=name)
    with opens(who=night.person("caseworker"), size=DESKTOP) as window:
        window.go("/candidates")
        link = window.page.locator(f"main a[href='/candidates/{case}']").first
        window.reload_until(link)
        press(window, link)
        press(window, window.button("Different people, %(case)s", case=case).first)
        expect(window.button("Not sure, ask others, %(case)s", case=case)).to_have_count(0)


def test_a_message_set_aside_is_replayed_by_keys(opens: Opens, night: Night) -> None:
    made = set_aside(night)
    with opens(who=night.person("custodian"), size=DESKTOP) as window:
        window.go("/parked")
        press(window, window.page.locator(f"main a[href='/parked/referral/{made}']"))
        press(window, window.page.locator(f"form[action='/parked/referral/{made}/replay'] button"))
        expect(window.heading("Set aside")).to_be_visible()
