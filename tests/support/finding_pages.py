"""Finds every page that the console declares, as a person does: by its menu and by the links on pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.roles import Role, Roles, read_roles, rights_of
from ngao.kernel.scopes import EVERY_RECORD
from ngao.testing.processes import ROOT
from services import console
from services.console.pages.addresses import CONVERTERS
from services.console.pages.declaring import Page, pages_in
from tests.support.night import Night
from tests.support.staff import Browser

POLICY = ROOT / "deploy" / "policy"

_PART = re.compile(r"<(?:(\w+):)?\w+>")
_NAMED = re.compile(r"<[^>]+>")
GIVEN = ("/k/a-link-of-anyone",)
"""What people get from elsewhere than a page: a person whom staff agreed with on a sign of life has this one."""
_TRIES = 3
"""So many addresses of one page are tried: a case that the person may not see is followed by one that she may."""


@dataclass(frozen=True)
class Found:
    """A page, an address of it, and who opens it: None for a page that anyone may see. `size` is that of its HTML."""

    page: Page
    address: str
    who: Browser | None
    size: int = 0


@dataclass
class Form:
    """A form on a page: where it leads, and its fields with what they hold."""

    action: str
    fields: dict[str, str]


def declared(method: str = "GET") -> list[Page]:
    """Every page that answers a method, by its path."""
    return sorted((each for each in pages_in(console) if method in each.methods), key=lambda each: each.path)


def everyone(night: Night, partner: str = "") -> list[Browser]:
    """Sign in as few people as have all roles that reach every record: each page is one that one of them may open.

    If a partner is named, one more is of its people.
    """
    people = [night.person(*each) for each in _shared_out(read_roles((POLICY,)))]
    return [*people, night.person("partner-staff", partner=partner)] if partner else people


def _shared_out(known: Roles) -> list[list[str]]:
    """Share the roles among few: some cannot be one person's, because they bound the same scope differently."""
    people: list[list[str]] = []
    for role in (name for name, each in known.items() if not each.keys_only and _reaches_all(each)):
        for person in people:
            try:
                rights_of((), [*person, role], known)
            except Misconfigured:
                continue
            person.append(role)
            break
        else:
            people.append([role])
    return people


def _reaches_all(role: Role) -> bool:
    return all(grant.reach == EVERY_RECORD for grant in role.rights.values())


def page_at(address: str, pages: Iterable[Page]) -> Page | None:
    """The page that an address leads to: one without values in its path goes first."""
    path = urlsplit(address).path
    fitting = [each for each in pages if re.fullmatch(_pattern(each.path), path)]
    return min(fitting, key=lambda each: each.path.count("<"), default=None)


def find(people: Iterable[Browser], more: Iterable[str] = ()) -> dict[str, Found]:
    """Return each page by its path: reached by links as a person reaches it, else by an address made of others.

    Of a page that several people open, it is the one of the person who sees most on it. `more` are addresses that no page links
    to, such as the one that a message has. What only scripts ask for is no page.
    """
    found = {each.path: Found(each, each.path, None) for each in declared() if each.anyone and "<" not in each.path}
    people = list(people)
    for who in people:
        _follow(who, ["/", "/me", *GIVEN, *more], found)
    for page in declared():
        if page.path not in found and (address := _made_of(page.path, [each.address for each in found.values()])):
            for who in people:
                _follow(who, [address], found)
    return found


def _follow(who: Browser, waiting: list[str], found: dict[str, Found]) -> None:
    """Open what leads to a page that this person has not seen yet, and go on with its links."""
    pages, seen, tries = declared(), set[str](), Counter[str]()
    while waiting:
        address = waiting.pop(0)
        page = page_at(address, pages)
        if page is None or page.path in seen or tries[page.path] >= _TRIES:
            continue
        tries[page.path] += 1
        answer = who.get(address)
        if answer.status == 200 and "<html" in answer.text:
            seen.add(page.path)
            if page.path not in found or (found[page.path].who and found[page.path].size < len(answer.text)):
                found[page.path] = Found(page, address, who, len(answer.text))
            waiting += links(answer.text)


def _made_of(path: str, addresses: Iterable[str]) -> str:
    """An address of a page that no link leads to, with values from addresses of other pages; empty if none is known."""
    for page in declared():
        names = _NAMED.findall(path)
        if page.path != path and names and names == _NAMED.findall(page.path):
            for address in addresses:
                if values := re.fullmatch(_pattern(page.path), urlsplit(address).path):
                    return _NAMED.sub("{}", path).format(*values.groups())
    return "" if "<" in path else path


def links(html: str) -> list[str]:
    """The addresses of the console that a page links to."""
    return [unescape(each) for each in re.findall(r'<a [^>]*href="(/[^"]*)"', html)]


def forms(html: str) -> list[Form]:
    """The forms of a page that act."""
    reader = _Forms()
    reader.feed(html)
    return reader.forms


def _pattern(path: str) -> str:
    parts = _PART.split(path)  # literal, converter, literal, ...
    return "".join(
        re.escape(part) if at % 2 == 0 else f"({CONVERTERS[part].regex if part in CONVERTERS else '[^/]+'})"
        for at, part in enumerate(parts)
    )


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside, self._select = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Mapping[str, str] = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "get").lower() == "post":
            self.forms.append(Form(given.get("action", ""), {}))
            self._inside = True
        elif self._inside and tag in {"input", "textarea", "button"} and given.get("name"):
            self.forms[-1].fields.setdefault(given["name"], given.get("value", ""))
        elif self._inside and tag == "select":
            self._select = given.get("name", "")
        elif self._inside and tag == "option" and self._select:
            self.forms[-1].fields.setdefault(self._select, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
