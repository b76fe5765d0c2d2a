"""What the pages' script asks the console for: whether anything has changed, to lock, and to keep what could not be sent."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pyotp
import pytest

from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.night import MOMBASA, NAIROBI, Night
from tests.support.staff import PASSWORD, Browser, Page, invite, set_up

pytestmark = pytest.mark.thorough

WORDS = "Her sister answers. Ask for the word first."


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world, own={"console": "lock_idle_s = 200"}).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def case(night: Night) -> str:
    return night.report(NAIROBI)


@pytest.fixture(scope="module")
def store(world: World) -> Iterator[Any]:
    client: Any = pymongo.MongoClient(world.parts.mongo)
    yield client[world.database("console")]
    client.close()


@pytest.fixture(autouse=True)
def nothing_kept(store: Any) -> None:
    store["kept_forms"].delete_many({})


@dataclass
class Officer:
    """A person with an account, a password and an app."""

    night: Night
    name: str
    secret: str
    browser: Browser

    def signs_in(self, browser: Browser | None = None) -> Page:
        self.forget_codes()
        return (browser or self.browser).sign_in(self.name, self.secret)

    def forget_codes(self) -> None:
        """Let the app's present code be used again: a test does not wait for half a minute."""
        accounts = pymongo.MongoClient(self.night.world.parts.mongo)
        try:
            found: Any = accounts[self.night.world.database("console")]["accounts"]
            found.update_one({"_id": self.name}, {"$set": {"totp_step": 0}})
        finally:
            accounts.close()


@pytest.fixture
def officer(night: Night) -> Officer:
    return one_more(night)


def one_more(night: Night) -> Officer:
    console, name = night.services["console"], f"amina-{secrets.token_hex(3)}"
    browser = Browser(console.port)
    secret, _ = set_up(browser, invite(console, night.world.operator_key, name, "duty-officer"))
    return Officer(night, name, secret, browser)


def polled(browser: Browser, path: str, tag: str, live: str = "idle") -> tuple[int, bytes, str]:
    """Ask as the script does; gives the status, every byte of the answer, and its tag."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = f'GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\nIf-None-Match: "{tag}"\r\nDesk-Live: {live}\r\n'
    with socket.create_connection(("127.0.0.1", browser.port), 10) as line:
        line.sendall(f"{head}Connection: close\r\n\r\n".encode())
        whole = b"".join(iter(lambda: line.recv(65536), b""))
    status, found = int(whole.split(b" ")[1]), re.search(rb"(?i)\netag: \"([^\"]+)\"", whole)
    return status, whole, found[1].decode() if found else ""


def steady(browser: Browser, tag: str) -> str:
    """The tag of the board once nothing on it changes for half a second: a new case is still worked on when it is first there."""
    seen = [tag]

    def stays() -> bool:
        seen.append(polled(browser, "/", seen[-1])[2])
        time.sleep(0.5)
        return polled(browser, "/", seen[-1])[0] == 304 and seen[-1] == seen[-2]

    eventually(stays, what="the board to stay as it is")
    return seen[-1]


def tag_of(page: Page) -> str:
    return re.findall(r'data-tag="([^"]+)"', page.text)[0]


def test_a_board_on_which_nothing_has_changed_costs_few_bytes_and_one_that_has_is_sent(officer: Officer, case: str) -> None:
    browser = officer.browser
    page = browser.get("/")
    assert f'id="{case}"' in page.text
    tag = steady(browser, tag_of(page))
    status, whole, same = polled(browser, "/", tag)
    assert (status, same) == (304, tag)
    assert len(whole) <= 300, whole
    officer.night.report(MOMBASA)
    status, whole, changed = polled(browser, "/", tag)
    assert (status, changed != tag) == (200, True)
    changed = steady(browser, changed)
    assert polled(browser, "/", changed)[0] == 304
    assert polled(browser, "/?urgency=critical", changed)[0] == 200, "other filters are another page"


def test_the_board_says_what_it_is_as_of_in_the_servers_time(officer: Officer, case: str) -> None:
    page = officer.browser.get("/")
    (shown,) = re.findall(r'<time data-now hidden datetime="([^"]+)">', page.text)
    assert abs(datetime.fromisoformat(shown) - datetime.now(UTC)) < timedelta(seconds=20)
    assert re.search(r'<time data-now datetime="[^"]+">\d\d:\d\d</time>', page.text)


def test_a_page_that_asks_by_itself_keeps_no_session_alive(officer: Officer, store: Any, case: str) -> None:
    mine = {"account_id": officer.name}
    before = datetime.now(UTC) - timedelta(minutes=10)
    store["sessions"].update_many(mine, {"$set": {"seen_at": before}})
    polled(officer.browser, "/", "none")
    assert store["sessions"].find_one(mine)["seen_at"].replace(tzinfo=UTC) - before < timedelta(seconds=1)
    polled(officer.browser, "/", "none", "active")
    assert store["sessions"].find_one(mine)["seen_at"].replace(tzinfo=UTC) - before > timedelta(minutes=9)


def test_a_case_says_that_it_has_changed_and_who_owns_it_now(night: Night, officer: Officer) -> None:
    case, other = night.report(NAIROBI), one_more(night)
    page = officer.browser.get(f"/c/{case}")
    (watched,) = re.findall(r'data-watch="([^"]+)"', page.text)
    status, whole, _ = polled(officer.browser, watched, tag_of(page))
    assert (status, len(whole) <= 300) == (304, True), whole
    seen = other.browser.get(f"/c/{case}").field("seen_owner")
    assert other.browser.post(f"/c/{case}/owner", seen_owner=seen).status == 303
    status, whole, _ = polled(officer.browser, watched, tag_of(page))
    assert status == 200
    assert json.loads(whole.partition(b"\r\n\r\n")[2]) == {"owner": other.name}
    unknown = json.loads(polled(officer.browser, "/c/NG-0000000000/changed", "x")[1].partition(b"\r\n\r\n")[2])
    assert unknown == {"owner": None}


def ended(store: Any, officer: Officer) -> None:
    store["sessions"].delete_many({"account_id": officer.name})


def test_a_form_whose_session_has_ended_is_kept_for_the_same_person_and_sent_when_she_says_so(
    night: Night, officer: Officer, store: Any
) -> None:
    case, browser = night.report(NAIROBI), officer.browser
    browser.get(f"/c/{case}")
    ended(store, officer)
    for _ in range(2):
        page = browser.post(f"/c/{case}/owner", seen_owner="", text=WORDS)
        assert (page.status, "Sign in again. Your text is kept." in page.text) == (403, True)
    (stored,) = store["kept_forms"].find()
    assert not [word for word in (WORDS, case, officer.name) if word.encode() in repr(stored).encode()]
    assert officer.signs_in().leads_to == "/kept"
    kept = browser.get("/kept")
    assert WORDS in kept.text
    assert f'action="/c/{case}/owner"' in kept.text
    sent = browser.post(f"/c/{case}/owner", seen_owner="", text=WORDS, _kept=kept.field("_kept"))
    assert sent.leads_to == f"/c/{case}"
    assert night.ask("referral", "GET", f"/v1/cases/{case}")[1]["owner"] == officer.name
    assert store["kept_forms"].count_documents({}) == 0
    assert WORDS not in browser.get("/kept").text


def test_a_kept_form_opens_for_no_other_account_and_in_no_other_browser(night: Night, officer: Officer, store: Any) -> None:
    case, browser, other = night.report(NAIROBI), officer.browser, one_more(night)
    browser.get(f"/c/{case}")
    ended(store, officer)
    assert "Your text is kept." in browser.post(f"/c/{case}/owner", text=WORDS).text
    elsewhere = Browser(browser.port)
    assert officer.signs_in(elsewhere).leads_to == "/"
    assert WORDS not in elsewhere.get("/kept").text
    assert other.signs_in(browser).leads_to == "/"
    assert WORDS not in browser.get("/kept").text


def test_a_kept_form_ends_after_a_quarter_of_an_hour_and_can_be_forgotten_before(
    night: Night, officer: Officer, store: Any
) -> None:
    case, browser = night.report(NAIROBI), officer.browser
    browser.get(f"/c/{case}")
    ended(store, officer)
    browser.post(f"/c/{case}/owner", text=WORDS)
    browser.post(f"/c/{case}/owner", text=f"{WORDS} Again.")
    until = {each["expires_at"].replace(tzinfo=UTC) - datetime.now(UTC) for each in store["kept_forms"].find()}
    assert all(timedelta(minutes=14) < each <= timedelta(minutes=15) for each in until)
    assert officer.signs_in().leads_to == "/kept"
    page = browser.get("/kept")
    browser.post("/kept/forget", form=page.field("_kept"))
    assert store["kept_forms"].count_documents({}) == 1
    store["kept_forms"].update_many({}, {"$set": {"expires_at": datetime.now(UTC)}})
    assert "Nothing is kept." in browser.get("/kept").text


def test_a_form_of_a_page_from_before_the_sign_in_is_kept_and_not_sent(night: Night, officer: Officer, store: Any) -> None:
    case, browser = night.report(NAIROBI), officer.browser
    browser.get(f"/c/{case}")
    old = browser.token
    officer.signs_in()
    assert browser.get("/").status == 200
    browser.token = old
    page = browser.post(f"/c/{case}/owner", seen_owner="", text=WORDS)
    assert (page.status, "Your text is kept." in page.text, 'href="/kept"' in page.text) == (403, True, True)
    assert night.ask("referral", "GET", f"/v1/cases/{case}")[1]["owner"] is None
    assert WORDS in browser.get("/kept").text


def test_a_locked_screen_shows_nothing_until_the_password_is_given_and_then_where_it_was(
    night: Night, officer: Officer, store: Any, case: str
) -> None:
    browser = officer.browser
    browser.get(f"/c/{case}")
    drafts = [{"action": f"/c/{case}/owner", "fields": [["text", WORDS]]}, {"action": "/sign-in", "fields": [["password", "x"]]}]
    assert browser.post("/lock", back=f"/c/{case}", drafts=json.dumps(drafts)).leads_to == "/unlock"
    for path in ("/", f"/c/{case}", "/me", "/kept"):
        assert browser.get(path).leads_to == "/unlock", path
    assert polled(browser, "/", "none")[0] == 303
    page = browser.get("/unlock")
    assert (page.status, "Board" in page.text, case in page.text) == (200, False, False)
    refused = browser.post("/unlock", password="another long sentence")
    assert (refused.status, "The password is wrong." in refused.text) == (403, True)
    assert browser.get("/").leads_to == "/unlock"
    assert browser.post("/unlock", password=PASSWORD).leads_to == f"/c/{case}"
    page = browser.get(f"/c/{case}")
    assert page.status == 200
    (draft,) = re.findall(r'data-draft="([^"]+)"', page.text)
    assert WORDS in draft
    assert "data-draft" not in browser.get("/").text, "it belongs to the page that it was typed on"
    audited = [each["action"] for each in on_record(store).find({"subject": officer.name})]
    assert audited[-2:] == ["unlock.refused", "session.unlocked"]


def test_a_form_that_is_sent_from_a_locked_screen_is_kept(night: Night, officer: Officer, store: Any) -> None:
    case, browser = night.report(NAIROBI), officer.browser
    browser.get(f"/c/{case}")
    browser.post("/lock", back=f"/c/{case}")
    page = browser.post(f"/c/{case}/owner", seen_owner="", text=WORDS)
    assert (page.status, "Your text is kept." in page.text, 'href="/unlock"' in page.text) == (403, True, True)
    browser.get("/unlock")
    assert browser.post("/unlock", password=PASSWORD).leads_to == "/kept"


@pytest.mark.parametrize("back", ["//example.org/c", "https://example.org/", "/nothing/here", "/sign-out", "/x" * 200, "/c/\nX"])
def test_unlocking_leads_to_no_other_place(officer: Officer, back: str) -> None:
    officer.browser.get("/")
    officer.browser.post("/lock", back=back)
    officer.browser.get("/unlock")
    assert officer.browser.post("/unlock", password=PASSWORD).leads_to == "/"


def test_signing_in_again_unlocks_too_and_ends_the_locked_session(officer: Officer, store: Any) -> None:
    browser = officer.browser
    browser.get("/")
    browser.post("/lock", back="/me")
    officer.forget_codes()
    browser.get("/unlock")
    signed = browser.post("/sign-in", name=officer.name, password=PASSWORD, code=pyotp.TOTP(officer.secret).now())
    assert signed.leads_to == "/me"
    assert store["sessions"].count_documents({"account_id": officer.name}) == 1


def link_in_a_message(night: Night, case: str) -> str:
    told = night.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]
    return f"/m/{next(each['reference'] for each in told if each['ladder'])}"


def test_a_link_of_a_message_opens_its_case_after_the_sign_in_and_once(officer: Officer, store: Any, case: str) -> None:
    browser, link = officer.browser, link_in_a_message(officer.night, case)
    browser.get("/")
    ended(store, officer)
    assert browser.get(link).leads_to == "/sign-in"
    officer.forget_codes()
    assert browser.sign_in(officer.name, "A" * 32).status == 403, "a wrong code forgets nothing"
    assert officer.signs_in().leads_to == link
    assert browser.get(link).leads_to == f"/c/{case}"
    ended(store, officer)
    assert officer.signs_in().leads_to == "/"


def test_a_link_of_a_message_waits_for_one_who_has_never_signed_in_here(officer: Officer, case: str) -> None:
    browser, link = Browser(officer.browser.port), link_in_a_message(officer.night, case)
    assert browser.get(link.lower()).leads_to == "/sign-in"
    assert officer.signs_in(browser).leads_to == link


def test_a_locked_screen_says_nothing_of_a_link_and_opens_its_case_once_it_is_unlocked(officer: Officer, case: str) -> None:
    browser, link = officer.browser, link_in_a_message(officer.night, case)
    browser.get("/me")
    browser.post("/lock", back="/me")
    for path in (link, "/m/0000-0000", "/m/anything"):
        page = browser.get(path)
        assert (page.leads_to, case in str(page.headers)) == ("/unlock", False), path
    browser.get(link)
    browser.get("/unlock")
    assert browser.post("/unlock", password=PASSWORD).leads_to == link
    assert browser.get("/unlock").leads_to == "/"


def test_what_is_not_the_reference_of_a_message_is_no_place_to_go_after_the_sign_in(officer: Officer, store: Any) -> None:
    browser = officer.browser
    for path in ("/m/anything", "/m/sign-out", "/m//example.org", "/m/0000-0000-0000", "/c/NG-4CJY0RRPKP", "/me?next=/audit"):
        ended(store, officer)
        browser.get(path)
        assert officer.signs_in().leads_to == "/", path


def test_the_times_of_the_lock_are_those_of_the_settings(officer: Officer) -> None:
    assert 'data-lock="200" data-hidden="60"' in officer.browser.get("/").text


def test_keys_can_be_turned_off(officer: Officer) -> None:
    browser = officer.browser
    assert "data-letters" in browser.get("/me").text
    assert browser.post("/me/keys", keys="off").leads_to == "/me"
    assert "data-letters" not in browser.get("/me").text
    browser.post("/me/keys", keys="on")
    assert "data-letters" in browser.get("/").text
