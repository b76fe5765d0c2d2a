"""Accounts of staff: invited once, signed in by what they hold, ended where they say, and closed for good."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pyotp
import pytest

from ngao.contracts import subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from tests.support.auditing import on_record
from tests.support.staff import PASSWORD, Browser, invite, set_up

MANY_GUESSES = "guesses_at_once = 1000\n"
WRONG = "Password or code is wrong. Try again."


@pytest.fixture(scope="module")
def console(world: World) -> Iterator[ServiceProcess]:
    provision(world, {"console": subscriptions_of("console")})
    started = ServiceProcess(*world.settings("console", MANY_GUESSES)).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def store(world: World) -> Iterator[Any]:
    client: Any = pymongo.MongoClient(world.parts.mongo)
    yield client[world.database("console")]
    client.close()


@pytest.fixture
def name() -> str:
    return f"amina-{secrets.token_hex(3)}"


@pytest.fixture
def browser(console: ServiceProcess) -> Browser:
    return Browser(console.port)


def test_a_person_is_invited_sets_the_account_up_and_signs_in(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    code = invite(console, world.operator_key, name, "duty-officer")
    secret, recovery = set_up(browser, code)
    assert len(recovery) == 10
    assert browser.get("/me").status == 200, "setting it up signs in"
    other = Browser(console.port)
    assert other.sign_in(name, secret, steps=1).leads_to == "/"
    assert "Roles: Duty officer" in other.get("/me").text


def test_an_invitation_is_used_once_and_is_nothing_without_its_code(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    code = invite(console, world.operator_key, name, "watch")
    browser.get("/welcome")
    assert browser.post("/welcome", invitation=code[:-1]).status == 403
    assert browser.post("/welcome", invitation="").status == 403
    set_up(browser, code.upper())
    late = Browser(console.port)
    late.get("/welcome")
    assert late.post("/welcome", invitation=code).status == 403


def test_who_has_seen_the_invitation_first_does_not_know_the_code_of_the_app_that_is_set_up_with_it(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    code, stranger = invite(console, world.operator_key, name, "watch"), Browser(console.port)
    stranger.get("/welcome")
    (seen,) = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", stranger.post("/welcome", invitation=code).text)
    (again,) = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", stranger.post("/welcome", invitation=code).text)
    assert seen == again, "what was read into the app stays right on the same browser"
    browser.get("/welcome")
    browser.post("/welcome", invitation=code)
    refused = browser.post("/welcome", invitation=code, password=PASSWORD, code=pyotp.TOTP(seen).now())
    assert (refused.status, "The code is wrong." in refused.text) == (422, True)
    secret, _ = set_up(browser, code)
    assert secret != seen


def test_a_device_is_added_only_soon_after_the_person_has_proved_who_she_is(
    console: ServiceProcess, world: World, browser: Browser, store: Any, name: str
) -> None:
    set_up(browser, invite(console, world.operator_key, name, "watch"))
    assert browser.post("/me/passkey/challenge").status == 200
    long_ago = datetime.now(UTC) - timedelta(minutes=11)
    store.sessions.update_one({"account_id": name}, {"$set": {"began_at": long_ago}})
    for path in ("/me/passkey/challenge", "/me/passkey"):
        refused = browser.post(path)
        assert (refused.status, "unlock it first" in refused.text) == (403, True)
    browser.post("/lock")
    browser.post("/unlock", password=PASSWORD)
    assert browser.post("/me/passkey/challenge").status == 200


@pytest.mark.parametrize("what", ["password", "code", "name", "nothing"])
def test_whatever_is_wrong_the_sentence_is_the_same(
    console: ServiceProcess, world: World, browser: Browser, name: str, what: str
) -> None:
    secret, _ = set_up(Browser(console.port), invite(console, world.operator_key, name, "watch"))
    browser.get("/sign-in")
    typed = {"name": name, "password": PASSWORD, "code": "000000"}
    if what == "password":
        page = browser.sign_in(name, secret, password="another long sentence", steps=1)
    elif what == "name":
        page = browser.sign_in("no-such-name", secret, steps=1)
    else:
        page = browser.post("/sign-in", **(typed if what == "code" else {}))
    assert (page.status, WRONG in page.text) == (403, True)
    assert PASSWORD not in page.text
    assert browser.get("/me").leads_to == "/sign-in"


def test_a_code_of_the_app_and_a_recovery_code_sign_in_once_each(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    code, at = invite(console, world.operator_key, name, "watch"), datetime.now(UTC)
    secret, recovery = set_up(Browser(console.port), code, at=at)
    assert browser.sign_in(name, secret, at=at).status == 403, "the code that set the account up was used"
    assert browser.sign_in(name, secret, steps=1, at=at).status == 303
    assert Browser(console.port).sign_in(name, secret, steps=1, at=at).status == 403
    for expected in (303, 403):
        other = Browser(console.port)
        other.get("/sign-in")
        assert other.post("/sign-in", name=name, password=PASSWORD, code=recovery[4].lower()).status == expected


def test_after_signing_out_a_copied_cookie_is_useless(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    set_up(browser, invite(console, world.operator_key, name, "watch"))
    thief = Browser(console.port, cookies=dict(browser.cookies))
    assert thief.get("/me").status == 200
    page = browser.post("/sign-out")
    assert (page.leads_to, page.headers["Clear-Site-Data"]) == ("/sign-in", '"cache", "cookies", "storage"')
    assert thief.get("/me").leads_to == "/sign-in"
    assert browser.get("/me").leads_to == "/sign-in"


def test_a_session_of_before_signing_in_is_not_the_one_of_after(
    console: ServiceProcess, world: World, browser: Browser, name: str
) -> None:
    secret, _ = set_up(Browser(console.port), invite(console, world.operator_key, name, "watch"))
    browser.get("/sign-in")
    planted = dict(browser.cookies)
    assert browser.sign_in(name, secret, steps=1).status == 303
    assert Browser(console.port, cookies=planted).get("/me").leads_to == "/sign-in"


def test_a_person_sees_their_sessions_and_ends_them(console: ServiceProcess, world: World, browser: Browser, name: str) -> None:
    secret, recovery = set_up(browser, invite(console, world.operator_key, name, "watch"))
    other = Browser(console.port, agent="Mozilla/5.0 (Windows NT 10.0)")
    assert other.sign_in(name, secret, steps=1).status == 303
    page = browser.get("/me")
    assert ("Android, since" in page.text, "Windows, since" in page.text) == (True, True)
    browser.post("/me/sessions", session=page.field("session"))
    assert other.get("/me").leads_to == "/sign-in"
    third = Browser(console.port)
    third.get("/sign-in")
    assert third.post("/sign-in", name=name, password=PASSWORD, code=recovery[0]).status == 303
    browser.get("/me")
    browser.post("/me/sessions")
    assert third.get("/me").leads_to == "/sign-in"
    assert browser.get("/me").status == 200


def test_a_closed_account_opens_by_nothing_and_its_sessions_end(
    console: ServiceProcess, world: World, browser: Browser, name: str, store: Any
) -> None:
    secret, recovery = set_up(browser, invite(console, world.operator_key, name, "watch"))
    key = world.operator_key
    assert console.request("POST", f"/v1/accounts/{name}/close", {"reason": "left the coalition"}, key)[1]["state"] == "closed"
    assert browser.get("/me").leads_to == "/sign-in"
    assert Browser(console.port).sign_in(name, secret, steps=1).status == 403
    again = Browser(console.port)
    again.get("/sign-in")
    assert again.post("/sign-in", name=name, password=PASSWORD, code=recovery[0]).status == 403
    kept = store["accounts"].find_one({"_id": name})
    assert not {"password_hash", "totp_sealed"} & kept.keys()
    assert store["data_keys"].count_documents({"scope": f"account:{name}"}) == 0
    assert console.request("POST", "/v1/accounts", {"id": name, "roles": ["watch"]}, key)[0] == 409
    assert on_record(store).find_one({"action": "account.closed", "subject": name})["actor"] == "operator:tester"


def test_who_is_invited_again_starts_from_nothing(console: ServiceProcess, world: World, browser: Browser, name: str) -> None:
    secret, recovery = set_up(browser, invite(console, world.operator_key, name, "watch"))
    status, again = console.request("POST", f"/v1/accounts/{name}/invitation", None, world.operator_key)
    assert (status, again["state"]) == (200, "invited")
    assert browser.get("/me").leads_to == "/sign-in"
    assert Browser(console.port).sign_in(name, secret, steps=1).status == 403
    fresh = Browser(console.port)
    new_secret, new_recovery = set_up(fresh, again["code"], "another long sentence")
    assert new_secret != secret
    assert not set(recovery) & set(new_recovery)
    assert fresh.get("/me").status == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"id": "Amina Invented", "roles": ["watch"]}, "/id"),
        ({"id": "amina-x", "roles": []}, "/roles"),
        ({"id": "amina-x", "roles": ["nobody"]}, "/roles/0"),
        ({"id": "amina-x", "roles": ["all"]}, "/roles/0"),
        ({"id": "amina-x", "roles": ["hub-convenor"]}, "/hubs"),
        ({"id": "amina-x", "roles": ["hub-convenor"], "hubs": ["KE-99"]}, "/hubs/0"),
        ({"id": "amina-x", "roles": ["watch"], "language": "tlh"}, "/language"),
        ({"roles": ["watch"]}, "/id"),
        ({"id": "amina-x", "roles": ["watch"], "phone": "0700 000 000"}, "/?"),
    ],
)
def test_an_invitation_that_cannot_be_names_the_field_and_not_the_value(
    console: ServiceProcess, world: World, body: dict[str, Any], pointer: str
) -> None:
    status, problem = console.request("POST", "/v1/accounts", body, world.operator_key)
    assert status == 422
    assert pointer in {each["pointer"] for each in problem["errors"]} | {"/?"}
    assert "Invented" not in json.dumps(problem)
    assert "0700" not in json.dumps(problem)


def test_guesses_at_one_account_wait_and_a_right_password_waits_too(
    console: ServiceProcess, world: World, browser: Browser, name: str, store: Any
) -> None:
    secret, _ = set_up(Browser(console.port), invite(console, world.operator_key, name, "watch"))
    for _ in range(7):
        assert browser.sign_in(name, secret, password="another long sentence", steps=1).status == 403
    kept = store["accounts"].find_one({"_id": name})
    assert (kept["failures"], "wait_until" in kept) == (6, True), "the seventh was not looked at"
    assert browser.sign_in(name, secret, steps=1).status == 403
    refused = [each["detail"]["failures"] for each in on_record(store).find({"action": "sign_in.refused", "subject": name})]
    assert refused == [str(number) for number in range(1, 7)]


def test_a_try_at_no_account_and_at_one_that_waits_costs_a_write_as_every_other(
    console: ServiceProcess, world: World, browser: Browser, name: str, store: Any
) -> None:
    secret, _ = set_up(Browser(console.port), invite(console, world.operator_key, name, "watch"))
    for _ in range(6):
        browser.sign_in(name, secret, password="another long sentence", steps=1)
    for unknown in (name, f"{name}-of-no-one", "A Name With Spaces"):
        before = store["challenges"].count_documents({})
        assert browser.sign_in(unknown, secret, password="another long sentence", steps=1).status == 403
        assert store["challenges"].count_documents({}) == before + 1, unknown


def test_nothing_that_signs_in_is_in_clear_in_the_store_or_the_log(
    console: ServiceProcess, world: World, browser: Browser, name: str, store: Any
) -> None:
    code = invite(console, world.operator_key, name, "watch")
    secret, recovery = set_up(browser, code)
    (cookie,) = browser.cookies.values()
    everything = str([list(store[each].find()) for each in store.list_collection_names()]) + console.log.read_text()
    for word in (code, secret, PASSWORD, cookie, *recovery):
        assert word not in everything
        assert word.upper() not in everything


def test_an_address_that_guesses_invitations_is_slowed_down_and_refused(world: World, console: ServiceProcess) -> None:
    assert console.is_running()  # its queues are there
    second = ServiceProcess(*world.settings("console", "guesses_at_once = 3\n")).start()
    try:
        browser = Browser(second.port)
        browser.get("/welcome")
        pages = [browser.post("/welcome", invitation=f"guess{number}") for number in range(6)]
        assert [each.status for each in pages] == [403, 403, 403, 429, 429, 429]
        assert "Too many tries." in pages[-1].text
        assert browser.get("/sign-in").status == 200
    finally:
        second.stop()
