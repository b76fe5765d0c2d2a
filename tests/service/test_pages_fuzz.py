"""Every form of the console, filled with what no form expects: the answer is never a fault of ours, and it runs nothing."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from itertools import cycle

import pytest

from ngao.testing.processes import World
from tests.support.finding_pages import Form, Found, declared, everyone, find, forms, page_at
from tests.support.night import Night
from tests.support.staff import FORM, Browser, Page

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]
SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\"><img src=x onerror=alert(1)>"
ODD = (
    SCRIPT, ATTRIBUTE, "", " ", "\x00", "\xed\xa0\x80", "\u202etxt.exe", "x" * 40_000, "-1", "9" * 40,
    "1e309", "NaN", "../../etc/passwd", "{{7*7}}", "%s%n%x", "'; drop table", "$ne", '{"$gt": ""}', "2026-02-31T25:61",
    "\r\nSet-Cookie: desk=x", "🦏" * 50, "on", "null",
)  # fmt: skip
RAW = (b"", b"=", b"&&&", b"a=%zz", b"\xff\xfe=\xff", b"csrf_token", b"a[b][c]=1&a[b]=2", b"x=1&" * 3000, b"{" * 500)
KINDS = (FORM, "application/json", "multipart/form-data; boundary=x", "text/plain")
ENDS_THE_SESSION = {"/sign-out", "/me/sessions", "/lock"}
"""They act on whoever tries them: tried last, each by a person of its own."""


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def people(night: Night) -> list[Browser]:
    """As few people as have all roles."""
    return everyone(night)


@pytest.fixture(scope="module")
def found(night: Night, people: list[Browser]) -> dict[str, Found]:
    night.report()
    return find(people)


def forms_of(people: list[Browser]) -> Iterator[tuple[Browser, Form]]:
    """Each form once, by the page that takes it, with a person who sees it."""
    seen = set[str]()
    for who in people:
        for each in find([who]).values():
            for form in forms(who.get(each.address).text) if each.who else ():
                page = page_at(form.action, declared("POST"))
                if page is not None and page.path not in seen | ENDS_THE_SESSION:
                    seen.add(page.path)
                    yield who, form


def faults(page: Page, what: str) -> Iterator[str]:
    """What is wrong with an answer."""
    if page.status >= 500:
        yield f"{what}: {page.status}"
    if SCRIPT in page.text or ATTRIBUTE in page.text:
        yield f"{what}: the answer would run what was typed"
    if "\n" in page.leads_to or "desk=x" in str(page.headers):
        yield f"{what}: what was typed is in a header"


def test_no_odd_value_of_any_field_is_a_fault_or_runs(found: dict[str, Found], people: list[Browser]) -> None:
    wrong, tried = [], 0
    for who, form in forms_of(people):
        names = [name for name in form.fields if name != "csrf_token"] or ["unknown"]
        for at, odd in enumerate(ODD):
            fields = dict(form.fields) | {names[at % len(names)]: odd}
            fields.pop("csrf_token", None)
            page = who.post(form.action, **fields)
            tried += 1
            wrong += faults(page, f"{form.action} with {odd[:20]!r} in {names[at % len(names)]}")
            if page.status == 303 and page.leads_to.startswith("/") and at < 2:
                wrong += faults(who.get(page.leads_to), f"{page.leads_to} after {form.action}")
        wrong += faults(who.post(form.action, **dict.fromkeys(names, SCRIPT)), f"{form.action} with scripts everywhere")
        wrong += faults(who.post(form.action), f"{form.action} without its fields")
    assert wrong == []
    assert tried > len(ODD), sorted(found)


def test_what_is_shown_after_all_that_runs_nothing(found: dict[str, Found]) -> None:
    wrong = [each for page in found.values() if page.who for each in faults(page.who.get(page.address), page.address)]
    assert wrong == []


@pytest.mark.parametrize("path", [each.path for each in declared("POST") if "<" not in each.path])
def test_a_body_that_is_no_form_is_refused_or_ignored(night: Night, people: list[Browser], path: str) -> None:
    if path in ENDS_THE_SESSION or people[0].get("/me").status != 200:
        people[0] = everyone(night)[0]  # one of the forms closes accounts
    for body, kind in zip(RAW, cycle(KINDS), strict=False):
        assert sent(people[0], path, body, kind) < 500, (path, body[:20], kind)


def sent(who: Browser, path: str, body: bytes, kind: str) -> int:
    """Send bytes as they are, with the token that scripts send; returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", who.port, timeout=30)
    cookie = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
    try:
        connection.request("POST", path, body, {"Content-Type": kind, "Cookie": cookie, "X-CSRFToken": who.token})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_paste_of_two_megabytes_is_refused_and_the_person_stays_signed_in(night: Night) -> None:
    who = night.person("watch")
    assert sent(who, "/me/sessions", b"session=" + b"x" * 2_000_000, FORM) == 413
    assert who.get("/me").status == 200
