"""A night at the desk, from a phone in English and at a desk in Swahili, and its core in a browser without JavaScript."""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from ngao.chassis.errors import Unauthenticated
from ngao.local.pictures import Person, Picture, take
from tests.browser.conftest import Opens
from tests.support.browsing import DESKTOP, PHONE, Window
from tests.support.coalition import Coalition
from tests.support.night import Night
from tests.support.staff import PASSWORD, Browser, set_up

WAYS = [("en", PHONE), ("sw", DESKTOP)]


@dataclass(frozen=True)
class Invited:
    """A person who was invited, and has not set anything up."""

    name: str
    code: str


Invites = Callable[..., Invited]


@pytest.fixture
def invites(night: Night) -> Invites:
    """Invite a duty officer who reads a language."""

    def invite(language: str, *roles: str) -> Invited:
        name = f"amina-{secrets.token_hex(3)}"
        body = {"id": name, "roles": list(roles or ("duty-officer",)), "language": language}
        status, made = night.ask("console", "POST", "/v1/accounts", body)
        assert status == 201, made
        return Invited(name, str(made["code"]))

    return invite


def open_invitation(window: Window, person: Invited) -> None:
    """Follow the link of an invitation, which has the code behind `#`; without script the code is typed."""
    window.go(f"/sign-in?lang={window.language}")
    window.go(f"/welcome#{person.code}")
    code = window.field("Code of the invitation")
    if not code.input_value():
        code.fill(person.code)
    window.button("Continue").click()
    expect(window.heading("Set up your account")).to_be_visible()


def set_up_by_password(window: Window, person: Invited) -> pyotp.TOTP:
    """Set an account up by password and the code of an app; returns the app."""
    open_invitation(window, person)
    (secret,) = re.findall(r">([A-Z2-7]{32})<", window.page.content())
    app = pyotp.TOTP(secret)
    window.field("Password, 12 characters or more").fill(PASSWORD)
    window.field("Code that the app shows now").fill(app.now())
    window.page.locator("form[action='/welcome'] button").click()
    expect(window.heading("Keep these codes")).to_be_visible()
    assert window.page.locator(".codes code").count() == 10
    window.link("Continue").click()
    expect(window.heading("Board")).to_be_visible()
    return app


def sign_out(window: Window) -> None:
    """Leave, in another tab of the same browser: a virtual authenticator is gone when its own tab goes to another site."""
    tab = window.context.new_page()
    tab.goto("/me")
    tab.get_by_role("button", name=window.say("Leave now")).click()
    tab.wait_for_url(lambda url: not url.endswith("/me"))
    tab.close()
    window.reload_until(window.heading("Sign in"))


def sign_in_by_password(window: Window, person: Invited, app: pyotp.TOTP) -> None:
    window.go(f"/sign-in?lang={window.language}")
    window.field("Name").fill(person.name)
    window.field("Password").fill(PASSWORD)
    window.field("Code of the app, or a recovery code").fill(app.at(datetime.now(UTC), counter_offset=1))
    window.page.locator("form[action='/sign-in'] button:not([type=button])").click()
    expect(window.heading("Board")).to_be_visible()


def work_on(window: Window, coalition: Coalition, name: str, case: str, county: str) -> None:
    """See a case on the board, confirm it and so own it, read its story, and find it a partner after one said nothing."""
    window.go("/")
    row = window.page.locator(f"#{case}")
    expect(row).to_contain_text(window.say("Not seen"))
    row.get_by_role("button", name=window.say("Confirm seen, %(case)s", case=case)).click()
    window.page.wait_for_url(f"**/c/{case}")
    for _ in range(2):  # the partner's silence may have raised another alarm meanwhile, which has to be seen, too
        if window.page.locator(".unseen").count():
            window.button("Confirm seen, %(case)s", case=case).click()
            window.page.wait_for_url(f"**/c/{case}")
    expect(window.page.locator(".unseen")).to_have_count(0)
    expect(window.heading("What happened")).to_be_visible()
    window.reload_until(window.page.get_by_text(window.say("Owner: %(name)s", name=name)))
    window.page.locator(f"main a[href='/c/{case}/story']").first.click()
    expect(window.heading("Story of %(case)s", case=case)).to_be_visible()
    window.go(f"/c/{case}/notes")
    window.page.locator("main textarea[name=text]").fill("An invented note: ask for the code word first.")
    window.page.locator(f"form[action='/c/{case}/notes'] button").click()
    expect(window.page.locator("main .words").first).to_have_text("An invented note: ask for the code word first.")
    window.go(f"/c/{case}")
    coalition.reaches(case, "unroutable")
    window.page.reload()
    window.shows("no partner is asked, a person decides")
    coalition.partner(county, "keep", languages=["en"])
    window.button("Find a partner again").click()
    coalition.reaches(case, "accepted")
    window.page.reload()
    window.shows("a partner is asked or at work")


@pytest.mark.parametrize("way", WAYS, ids=["en-360", "sw-1280"])
def test_a_night_with_a_passkey(
    opens: Opens, night: Night, coalition: Coalition, invites: Invites, way: tuple[str, tuple[int, int]]
) -> None:
    (language, size), county = way, coalition.county()
    coalition.partner(county, "silent")
    with opens(language=language, size=size) as window:
        window.has_authenticator()
        person = invites(language)
        open_invitation(window, person)
        window.button("Use fingerprint or screen lock").click()
        expect(window.heading("Board")).to_be_visible()
        sign_out(window)
        window.go("/sign-in")
        window.button("Use fingerprint or screen lock").click()
        expect(window.heading("Board")).to_be_visible()
        case = night.report(county, needs=["legal_aid"])
        expect(window.page.locator(f"[data-slot] #{case}")).to_be_visible(timeout=35_000)  # by itself
        work_on(window, coalition, person.name, case, county)
        assert window.said == []


@pytest.mark.parametrize("way", WAYS, ids=["en-360", "sw-1280"])
def test_a_night_with_password_and_code(
    opens: Opens, night: Night, coalition: Coalition, invites: Invites, way: tuple[str, tuple[int, int]]
) -> None:
    language, size = way
    person, case = invites(language), night.report(coalition.county())
    with opens(language=language, size=size) as window:
        app = set_up_by_password(window, person)
        sign_out(window)
        sign_in_by_password(window, person, app)
        expect(window.page.locator(f"#{case}")).to_be_visible()
        assert window.said == []


@pytest.mark.parametrize("language", ["en", "sw"])
def test_the_core_of_a_night_without_script(
    opens: Opens, night: Night, coalition: Coalition, invites: Invites, language: str
) -> None:
    county, person = coalition.county(), invites(language)
    coalition.partner(county, "silent")
    case = night.report(county, needs=["legal_aid"])
    with opens(language=language, script=False) as window:
        app = set_up_by_password(window, person)
        sign_out(window)
        sign_in_by_password(window, person, app)
        work_on(window, coalition, person.name, case, county)
        assert window.left_the_origin() == []


def test_pictures_are_taken_of_pages_as_a_person_sees_them(
    chromium: Chromium, night: Night, origin: str, invites: Invites, tmp_path: Path
) -> None:
    invited = invites("en")
    secret, _ = set_up(Browser(night.services["console"].port), invited.code)
    wanted = [Picture("/", "board.png", theme="dark"), Picture("/me", "me.png", *PHONE)]
    files = take(chromium, Person(origin, invited.name, PASSWORD, secret), wanted, tmp_path / "pictures")
    sizes = [struct.unpack(">II", each.read_bytes()[16:24]) for each in files]  # of the first part of a PNG file
    assert ([each.name for each in files], sizes) == (["board.png", "me.png"], [(1280, 900), PHONE])
    with pytest.raises(Unauthenticated):
        take(chromium, Person(origin, invited.name, "another sentence", secret), wanted, tmp_path)
