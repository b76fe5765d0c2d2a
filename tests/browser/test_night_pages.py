"""What else a night brings, from a phone and at a desk, in both languages and without script: a call, above all."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import expect

from ngao.testing.broker import Line
from ngao.testing.waiting import eventually
from tests.browser.conftest import Opens
from tests.support.browsing import DESKTOP, PHONE, Window, reads
from tests.support.night import MOMBASA, NAIROBI, Night

Way = tuple[str, tuple[int, int], bool]
WAYS: list[Way] = [("en", PHONE, True), ("sw", DESKTOP, True), ("en", PHONE, False)]
IDS = ["en-360", "sw-1280", "without script"]


def answer(window: Window, english: str) -> None:
    """Choose an answer of the question that is shown, and wait for the next one."""
    before = window.page.locator("h1").inner_text()
    window.button(english).click()
    expect(window.page.locator("h1")).not_to_have_text(before)


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_a_case_is_taken_by_phone(opens: Opens, night: Night, way: Way) -> None:
    language, size, script = way
    officer = night.person("duty-officer")
    with opens(who=reads(officer, language), language=language, size=size, script=script) as window:
        window.go("/report")
        expect(window.heading("Can she talk safely now?")).to_be_visible()
        answer(window, "Yes")
        answer(window, "A witness")
        for _ in range(2):  # a group, then an act
            before = window.page.locator("h1").inner_text()
            window.page.locator(".choices button").first.click()
            expect(window.page.locator("h1")).not_to_have_text(before)
        answer(window, "Yes")
        expect(window.page.get_by_text(window.say("if sent now, because:"))).to_be_visible()
        window.button("Send now, add the rest later").click()
        expect(window.heading("Report sent")).to_be_visible()
        assert window.page.url == f"{window.origin}/report", "the address says nothing of the call"
        case = window.page.locator("main a[href^='/c/']").inner_text()
        eventually(lambda: night.ask("referral", "GET", f"/v1/cases/{case}")[0] == 200, what="referral to know the case")
        window.go("/")
        window.reload_until(window.page.locator(f"#{case}"))
        assert window.said == []


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_a_candidate_is_decided(opens: Opens, night: Night, way: Way) -> None:
    language, size, script = way
    name = f"Invented {''.join(secrets.choice('bdgklmnprst') + secrets.choice('aeiou') for _ in range(4)).capitalize()}"
    phones = [f"07{secrets.randbelow(10**8):08}"]
    night.report(NAIROBI, subject={"identity": {"names": [name], "phones": phones}})
    case = night.report(MOMBASA, subject={"identity": {"names": [name], "phones": [f"07{secrets.randbelow(10**8):08}"]}})
    with opens(who=reads(night.person("caseworker"), language), language=language, size=size, script=script) as window:
        window.go("/candidates")
        window.reload_until(window.page.locator(f"a[href='/candidates/{case}']"))
        window.page.locator(f"a[href='/candidates/{case}']").first.click()
        expect(window.heading("Same person? %(case)s", case=case)).to_be_visible()
        window.button("Different people, %(case)s", case=case).first.click()
        expect(window.page.locator("main")).to_contain_text(window.say("Different people"))
        expect(window.button("Not sure, ask others, %(case)s", case=case)).to_have_count(0)
        assert name.split()[1] not in window.page.url
        assert window.said == []


def set_aside(night: Night) -> str:
    """Publish a message that cannot be read; returns its id in referral, where others may be set aside, too."""
    before = aside(night)
    Line(night.world).publish_raw(f'{{"specversion": "{secrets.token_hex(4)}'.encode(), "routine.intake.report.accepted.v1")
    (made,) = eventually(lambda: aside(night) - before, what="the message to be set aside")
    return str(made)


def aside(night: Night) -> set[str]:
    return {each["id"] for each in night.ask("referral", "GET", "/v1/parked?limit=500")[1]["parked"]}


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_a_message_that_was_set_aside_is_replayed(opens: Opens, night: Night, way: Way) -> None:
    language, size, script = way
    address = f"/parked/referral/{set_aside(night)}"
    with opens(who=reads(night.person("custodian"), language), language=language, size=size, script=script) as window:
        window.go("/parked")
        window.page.locator(f"main a[href='{address}']").click()
        expect(window.heading("A message set aside")).to_be_visible()
        window.shows("It cannot be read as what it should be.")
        window.page.locator(f"form[action='{address}/replay'] button").click()
        expect(window.heading("Set aside")).to_be_visible()
        assert window.page.url == f"{window.origin}/parked"
        window.go(address)  # it is as unreadable as before, and so is set aside again
        window.reload_until(window.page.get_by_text(window.say("set aside %(number)s times", number=2)))
        expect(window.page.locator(f"form[action='{address}/replay'] button")).to_be_visible()
        assert window.said == []
