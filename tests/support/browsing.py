"""A person at a real browser: one window of Debian's Chromium, what it sends and says, what is wrong with its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, expect

from services.console.pages.languages import catalogue
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
        if not _of(self.page, "typeof window.axe === 'object'"):
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
        yield Window(context, context.new_page(), origin, language)
    finally:
        context.close()


def reads(who: Browser, language: str) -> Browser:
    """The same session in another language."""
    other = Browser(who.port, cookies=dict(who.cookies), token=who.token)
    other.get(f"/sign-in?lang={language}")
    return other


def _of(page: Page, script: str) -> Any:
    """What a script finds on a page that has loaded: one that has only begun to has no elements yet."""
    page.wait_for_load_state()
    return page.evaluate(script)


def too_wide(page: Page) -> str:
    """Say by how much a page is wider than its window, and which elements are."""
    return str(_of(page, _TOO_WIDE))


def too_small(page: Page) -> list[str]:
    """What a thumb could miss: buttons, fields, links of menus and links that are alone in their line, below 44 px."""
    return [str(each) for each in _of(page, _TOO_SMALL)]


def alike(page: Page) -> list[str]:
    """Buttons that a screen reader calls the same although they act on different things."""
    return [str(each) for each in _of(page, _ALIKE)]


def unreachable(page: Page) -> list[str]:
    """Fields, buttons and links that are shown and take no focus, and what acts on a click although it is none of these."""
    return [str(each) for each in _of(page, _UNREACHABLE)]


def unfocused(page: Page, most: int = 80) -> list[str]:
    """Go through a page by Tab, and say what has the focus without being seen to have it."""
    wrong, seen = [], set()
    for _ in range(most):
        page.keyboard.press("Tab")
        name, trouble = page.evaluate(_FOCUS)
        if not name or name in seen:
            break
        seen.add(name)
        if trouble:
            wrong.append(f"{name}: {trouble}")
    assert seen, "nothing on the page takes the focus"
    return wrong


def not_as_declared(page: Page) -> list[str]:
    """What every page has: the neutral title, one first heading, a language, no content of the page in its address."""
    wrong = []
    if page.title() != "Desk":
        wrong.append(f"the title is {page.title()!r}")
    if (count := page.locator("h1").count()) != 1:
        wrong.append(f"{count} first headings")
    if re.search(r"csrf|token|name=|phone", page.url):
        wrong.append(f"the address says too much: {page.url}")
    return wrong


_TOO_WIDE = """() => {
  const root = document.scrollingElement, most = window.innerWidth;
  if (root.scrollWidth <= most) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > most + 1);
  return `${root.scrollWidth} px in ${most}: ` + wide.slice(-3).map((each) => each.outerHTML.slice(0, 120)).join(" | ");
}"""
_TOO_SMALL = """() => {
  const shown = (each) => each.checkVisibility({visibilityProperty: true}) && !each.closest(".skip");
  const isEmpty = (each) => !each.textContent.trim();
  const alone = (link) => link.closest("nav") || [...link.parentNode.childNodes].every((each) => each === link || isEmpty(each));
  const reach = (each) => {
    const box = each.getBoundingClientRect();
    if (!["checkbox", "radio"].includes(each.type)) return box;
    const label = each.labels && each.labels[0];
    return label ? label.getBoundingClientRect() : box;
  };
  const wanted = [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, a.button, a[href]")];
  return wanted.filter(shown).filter((each) => each.tagName !== "A" || each.matches(".button") || alone(each))
    .map((each) => [each, reach(each)]).filter(([, box]) => box.height < 43.5 || box.width < 43.5)
    .map(([each, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${each.outerHTML.slice(0, 140)}`);
}"""
_ALIKE = """() => {
  const of = new Map(), found = new Set();
  for (const form of document.querySelectorAll("form")) {
    const hidden = [...form.querySelectorAll("input[type=hidden]")].filter((each) => !["csrf_token", "act"].includes(each.name));
    const acts = form.getAttribute("action") + "?" + hidden.map((each) => each.name + "=" + each.value).join("&");
    for (const button of form.querySelectorAll("button")) {
      if (!button.checkVisibility()) continue;
      const name = button.getAttribute("aria-label") || button.textContent.trim();
      const all = acts + "&" + button.name + "=" + button.value;
      if (of.has(name) && of.get(name) !== all) found.add(name);
      of.set(name, all);
    }
  }
  return [...found];
}"""
_UNREACHABLE = """() => {
  const acts = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const every = [...document.querySelectorAll(`${acts}, a:not([href]), [onclick], [role=button]`)];
  return every.filter((each) => each.checkVisibility() && (!each.matches(acts) || each.tabIndex < 0))
    .map((each) => each.outerHTML.slice(0, 140));
}"""
_FOCUS = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return ["", ""];
  const box = each.getBoundingClientRect(), style = getComputedStyle(each);
  const name = [...document.querySelectorAll("*")].indexOf(each) + " " + each.outerHTML.slice(0, 100);
  if (parseFloat(style.outlineWidth) < 2 || style.outlineStyle === "none") return [name, "no outline"];
  if (box.top < 0 || box.bottom > innerHeight + 1 || box.left < 0 || box.right > innerWidth + 1) {
    if (box.height < innerHeight) return [name, `outside of the window: ${box.top} ${box.bottom} of ${innerHeight}`];
  }
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2);
  const isCovered = top && !each.contains(top) && !top.contains(each);
  if (isCovered) return [name, "covered by " + top.outerHTML.slice(0, 80)];
  return [name, ""];
}"""
