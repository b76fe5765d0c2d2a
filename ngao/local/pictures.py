"""Opens Debian's Chromium, and takes pictures of the console's pages as a person sees them who is signed in.

    with chromium() as browser:
        take(browser, Person("http://localhost:8080", "amina", password, secret), [Picture("/", "board.png")], folder)

Playwright, which drives the browser, is a test's dependency, so it is imported where it is used: a platform runs without both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyotp

from ngao.chassis.errors import Misconfigured, Unauthenticated

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It asks no other host for anything, whatever it is shown."""
_NEXT_STEP_TOO = (0, 1)
"""A code is accepted once: where this one was used a moment ago, the next one is good already."""


@dataclass(frozen=True)
class Person:
    """Who signs in at which console: by name, password, and the secret of the authenticator app. Pages are in the language."""

    address: str
    name: str
    password: str
    secret: str
    language: str = "en"


@dataclass(frozen=True)
class Picture:
    """One picture: of which page (`/`, `/c/NG-...`), to which file (`board.png`), how wide, and in which colours."""

    page: str
    file: str
    width: int = 1280
    height: int = 900
    theme: Literal["light", "dark"] = "light"


def why_none() -> str:
    """Return a sentence on why no picture can be taken here, or nothing."""
    if not os.access(CHROMIUM, os.X_OK):
        return f"No pictures: there is no Chromium at {CHROMIUM}. On Debian: apt-get install chromium."
    if find_spec("playwright") is None:
        return "No pictures: the Python package playwright is missing. The packages of requirements.lock include it."
    return ""


@contextmanager
def chromium(*, shown: bool = False) -> Iterator[Browser]:
    """Open Chromium with a fresh profile, on the screen if `shown`, and close it afterwards. Raises Misconfigured."""
    if why := why_none():
        raise Misconfigured(why)
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - a dependency of tests

    with sync_playwright() as playwright:
        try:
            flags = FLAGS if shown else ("--headless=new", *FLAGS)
            opened = playwright.chromium.launch(
                executable_path=CHROMIUM, args=flags, headless=not shown, chromium_sandbox=os.geteuid() != 0
            )
        except Error as error:
            raise Misconfigured(f"Chromium could not be opened: {str(error).splitlines()[0]}") from None
        try:
            yield opened
        finally:
            opened.close()


def take(browser: Browser, person: Person, pictures: Sequence[Picture], folder: Path) -> list[Path]:
    """Take pictures of a console's pages as the person sees them. Return the files.

    Raises Unauthenticated for a person who cannot sign in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(base_url=person.address)
    try:
        _sign_in(context, person)
        return [_take(context.new_page(), each, folder / each.file) for each in pictures]
    finally:
        context.close()


def _take(page: Page, picture: Picture, file: Path) -> Path:
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.emulate_media(color_scheme=picture.theme)
    page.goto(picture.page)
    page.screenshot(path=file)
    page.close()
    return file


def _sign_in(context: BrowserContext, person: Person) -> None:
    page, codes = context.new_page(), pyotp.TOTP(person.secret)
    for step in _NEXT_STEP_TOO:
        page.goto(f"/sign-in?lang={person.language}")
        for name, typed in (("name", person.name), ("password", person.password)):
            page.locator(f"[name={name}]").fill(typed)
        page.locator("[name=code]").fill(codes.at(datetime.now(UTC), counter_offset=step))
        page.locator("[name=code]").press("Enter")
        page.wait_for_load_state()
        if not page.url.split("?")[0].endswith("/sign-in"):
            page.close()
            return
    raise Unauthenticated("The console did not let the person sign in for pictures.")
