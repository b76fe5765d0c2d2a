"""A person at a real browser: one window of Debian's Chromium, what it sends and says, what is wrong with its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import axe_playwright_python
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

from services.console.pages.languages import catalogue
from tests.support.probes import found_on
from tests.support.staff import Browser

PHONE, DESKTOP, NARROWEST = (360, 740), (1280, 900), (320, 640)
FIRST_LOAD, LATER_LOAD = 60_000, 15_000
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
_EVERY = {"runOnly": {"type": "tag", "values": _AA}}
_AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip
expect.set_options(timeout=15_000)  # a busy machine is no fault of a page


def words(language: str, english: str, **values: Any) -> str:
    """What a page says in a language for what it says in English. A text that has no translation is an error of the test."""
    text = english if language == "en" else str(catalogue(language)[english].string)
    return text % values if values else text


@dataclass
class Wire:
    """What went over the wire since `clear`, in bytes with all headers, as the browser's network layer counts."""

    session: CDPSession
    bytes: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session.on("Network.requestWillBeSent", lambda each: self.urls.update({each["requestId"]: each["request"]["url"]}))
        self.session.on("Network.loadingFinished", self._finished)
        self.session.send("Network.enable")

    def clear(self) -> None:
        self.bytes.clear()

    @property
    def total(self) -> int:
        return sum(self.bytes.values())

    @property
    def later(self) -> int:
        """Of the next page, which finds the assets in the browser."""
        return sum(size for url, size in self.bytes.items() if "/assets/" not in url)

    def _finished(self, event: dict[str, Any]) -> None:
        url = self.urls.get(event["requestId"], "?")
        self.bytes[url] = self.bytes.get(url, 0) + int(event["encodedDataLength"])


@dataclass
class Window:
    """One window of one person, with a profile of its own. `said` are errors and warnings, `asked` the addresses it asked."""

    context: BrowserContext
    page: Page
    origin: str
    language: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", lambda each: self.asked.append(each.url))
        self.page.on("console", lambda each: self.said.append(f"{each.type}: {each.text}") if each.type in _BAD else None)
        self.page.on("pageerror", lambda each: self.said.append(f"error: {each}"))

    def say(self, english: str, **values: Any) -> str:
        return words(self.language, english, **values)

    def go(self, path: str) -> int:
        """Open an address of the console; returns the status."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer.status

    def button(self, english: str, **values: Any) -> Locator:
        return self.page.get_by_role("button", name=self.say(english, **values), exact=True)

    def link(self, english: str, **values: Any) -> Locator:
        return self.page.get_by_role("link", name=self.say(english, **values), exact=True)

    def field(self, english: str, **values: Any) -> Locator:
        return self.page.get_by_label(self.say(english, **values), exact=True)

    def heading(self, english: str, **values: Any) -> Locator:
        return self.page.get_by_role("heading", name=self.say(english, **values), exact=True)

    def shows(self, english: str, **values: Any) -> None:
        """Wait until the page shows a text."""
        expect(self.page.get_by_text(self.say(english, **values)).first).to_be_visible()

    def reload_until(self, wanted: Locator, within: float = 40.0) -> None:
        """Load the page again and again until it shows something."""
        for _ in range(int(within * 2)):
            if wanted.count():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        expect(wanted.first).to_be_visible()

    def stop_clock(self) -> None:
        """Let time pass only as the test moves it on: what a busy machine takes does not count. It is five seconds later then."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 5)

    def has_authenticator(self) -> None:
        """Plug in a device that holds passkeys and knows its person."""
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable", {})
        session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})

    def wire(self) -> Wire:
        return Wire(self.context.new_cdp_session(self.page))

    def left_the_origin(self) -> list[str]:
        """The addresses it asked that are not the console's."""
        own = urlsplit(self.origin).netloc
        return [each for each in self.asked if urlsplit(each).scheme in {"http", "https", "ws"} and urlsplit(each).netloc != own]

    def axe(self, *, contrast_only: bool = False) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA. It comes by the debugger, which the page's policy does not bind.

        The window is as high as the page meanwhile: what is below the fixed bar at one moment is not when a person has scrolled.
        """
        if not found_on(self.page, "typeof window.axe === 'object'"):
            self.page.evaluate(AXE)
        size = self.page.viewport_size
        assert size
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        found = self.page.evaluate("rules => axe.run(document, rules)", _CONTRAST if contrast_only else _EVERY)
        self.page.set_viewport_size(size)
        return [
            f"axe {each['id']} ({each['help']}): {node['html'][:160]} {node.get('failureSummary', '')[-200:]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


    def told_addresses(self) -> list[str]:
        """The addresses it asked that say something about a person: names and words of reports, telephone numbers."""
        return [each for each in (*self.asked, self.page.url) if _PERSONAL.search(unquote_plus(each).replace(" ", ""))]


_PERSONAL = re.compile(r"invented|wairimu|theycame|(?<![\w-])(\+?254|0)7\d{8}(?![\w-])", re.IGNORECASE)
"""How the names, the narratives and the numbers begin that tests of a browser seed and type."""
_BAD = {"error", "warning", "assert"}


@contextmanager
def window(
    chromium: Chromium, origin: str, *, language: str = "en", size: tuple[int, int] = PHONE, theme: Any = "light",
    script: bool = True, who: Browser | None = None,
) -> Iterator[Window]:
    """Open a window. It is signed in as `who`, where a person has signed in by the quick browser of `staff`."""
    context = chromium.new_context(
        base_url=origin, viewport={"width": size[0], "height": size[1]}, color_scheme=theme, java_script_enabled=script,
        locale={"en": "en-GB", "sw": "sw-KE"}[language],
    )  # fmt: skip
    context.set_default_timeout(20_000)
    if who is not None:
        kept = {"url": origin, "httpOnly": True, "sameSite": "Strict"}
        context.add_cookies([{"name": name, "value": value, **kept} for name, value in who.cookies.items()])
    try:
        opened = Window(context, context.new_page(), origin, language)
        yield opened
        assert opened.told_addresses() == [], "no address says anything about a person"
    finally:
        context.close()


def reads(who: Browser, language: str) -> Browser:
    """The same session in another language."""
    other = Browser(who.port, cookies=dict(who.cookies), token=who.token)
    other.get(f"/sign-in?lang={language}")
    return other
