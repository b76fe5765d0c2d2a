"""People sign in with the account that they have at their organisation: bound once by an invitation, and by nothing else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pymongo
import pytest

from ngao.contracts import subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from tests.support.organisation import CLIENT, SECRET, Organisation
from tests.support.staff import Browser, Page, invite

pytestmark = pytest.mark.thorough

BACK = "/sign-in/organisation/back"
REFUSED = "account does not sign you in here."


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    with Organisation() as running:
        yield running


@pytest.fixture(autouse=True)
def sound(organisation: Organisation) -> Iterator[None]:
    yield
    organisation.set(claims={}, signs_with="")


@pytest.fixture(scope="module")
def console(world: World, organisation: Organisation) -> Iterator[ServiceProcess]:
    provision(world, {"console": subscriptions_of("console")})
    secret = world.directory / "organisation.secret"
    secret.write_text(SECRET + "\n")
    own = f'guesses_at_once = 1000\n[own.organisation]\nissuer = "{organisation.issuer}"\nclient_id = "{CLIENT}"\n'
    started = ServiceProcess(*world.settings("console", f'{own}secret_file = "{secret}"\n')).start()
    yield started
    started.stop()


@pytest.fixture
def browser(console: ServiceProcess) -> Browser:
    return Browser(console.port)


def leave(browser: Browser, **more: str) -> str:
    """Press the button, and return where the page leads."""
    browser.get("/sign-in")
    page = browser.post("/sign-in/organisation", **more)
    assert page.status == 200
    (address,) = re.findall(r'href="([^"]+)"[^>]*data-follow', page.text)
    return unescape(address)


def come_back(browser: Browser, brought: dict[str, str]) -> Page:
    """Come back as from another site: without the cookie; then press the button."""
    stranger = Browser(browser.port)
    page = stranger.get(f"{BACK}?{urlencode(brought)}")
    assert page.status == 200
    assert "Set-Cookie" not in page.headers, "the cookie that waits is not replaced"
    return browser._ask("POST", BACK, urlencode({"code": page.field("code"), "state": page.field("state")}))


def bound(console: ServiceProcess, world: World, organisation: Organisation, subject: str) -> str:
    """Invite a person and bind the account to the organisation's subject; returns the account's name."""
    name = f"staff-{secrets.token_hex(3)}"
    organisation.set(subject=subject)
    browser = Browser(console.port)
    code = invite(console, world.operator_key, name, "watch")
    page = come_back(browser, organisation.visit(leave(browser, invitation=code)))
    assert page.leads_to == "/", page.text
    assert f"Name: {name}" in browser.get("/me").text
    return name


def test_an_invitation_binds_an_account_and_from_then_on_it_signs_in(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    name = bound(console, world, organisation, "bound-1")
    assert come_back(browser, organisation.visit(leave(browser))).leads_to == "/"
    assert f"Name: {name}" in browser.get("/me").text
    client: Any = pymongo.MongoClient(world.parts.mongo)
    (stored,) = client[world.database("console")]["accounts"].find({"_id": name})
    client.close()
    assert re.fullmatch(r"[0-9a-f]{64}", stored["organisation"]), "of who the person is there, only a hash is stored"
    shown = console.request("GET", "/v1/accounts", None, world.operator_key)[1]["accounts"]
    assert [each["has_organisation"] for each in shown if each["id"] == name] == [True]


def test_a_person_whom_the_organisation_knows_and_no_invitation_is_not_signed_in(
    organisation: Organisation, browser: Browser
) -> None:
    organisation.set(subject="a-stranger")
    refused = come_back(browser, organisation.visit(leave(browser)))
    assert (refused.status, REFUSED in refused.text) == (403, True)
    assert browser.get("/me").leads_to == "/sign-in"


def test_one_person_of_the_organisation_has_one_account(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    bound(console, world, organisation, "bound-2")
    code = invite(console, world.operator_key, f"staff-{secrets.token_hex(3)}", "watch")
    assert come_back(browser, organisation.visit(leave(browser, invitation=code))).status == 403


def test_what_is_brought_back_to_another_browser_signs_no_one_in(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    bound(console, world, organisation, "bound-3")
    brought = organisation.visit(leave(browser))
    other = Browser(console.port)
    leave(other)
    assert come_back(other, brought).status == 403
    assert come_back(Browser(console.port), brought).status == 403


def test_what_is_brought_back_is_used_once(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    bound(console, world, organisation, "bound-4")
    brought = organisation.visit(leave(browser))
    kept = dict(browser.cookies)
    assert come_back(browser, brought).leads_to == "/"
    again = Browser(console.port, cookies=kept)
    assert come_back(again, brought).status == 403


def test_who_began_many_times_without_coming_back_still_comes_back(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    bound(console, world, organisation, "bound-6")
    addresses = [leave(browser) for _ in range(12)]
    assert sum(map(len, browser.cookies.values())) < 3500, "a browser does not keep a cookie of more than 4096 bytes"
    kept = dict(browser.cookies)
    assert come_back(browser, organisation.visit(addresses[-1])).leads_to == "/"
    in_another_tab = Browser(console.port, cookies=kept)
    assert come_back(in_another_tab, organisation.visit(addresses[-2])).leads_to == "/"
    assert come_back(Browser(console.port, cookies=kept), organisation.visit(addresses[0])).status == 403


WRONG: dict[str, Any] = {
    "another audience": {"aud": "another-client"},
    "another issuer": {"iss": "http://127.0.0.1:1/realm"},
    "another nonce": {"nonce": "of-before"},
    "an expired token": {"exp": 1_700_000_000, "iat": 1_699_999_000},
    "no subject": {"sub": ""},
    "a subject that is no text": {"sub": {"a": 1}},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_token_that_is_not_the_one_asked_for_signs_no_one_in(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser, what: str
) -> None:
    bound(console, world, organisation, f"wrong-{what}")
    organisation.set(claims=WRONG[what])
    assert come_back(browser, organisation.visit(leave(browser))).status == 403


@pytest.mark.parametrize("how", ["another", "shared", "none"])
def test_a_token_that_the_organisation_has_not_signed_signs_no_one_in(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser, how: str
) -> None:
    bound(console, world, organisation, f"signed-{how}")
    organisation.set(signs_with=how)
    assert come_back(browser, organisation.visit(leave(browser))).status == 403


def test_inviting_again_unbinds_the_account(
    console: ServiceProcess, world: World, organisation: Organisation, browser: Browser
) -> None:
    name = bound(console, world, organisation, "bound-5")
    assert console.request("POST", f"/v1/accounts/{name}/invitation", {}, world.operator_key)[0] == 200
    assert come_back(browser, organisation.visit(leave(browser))).status == 403


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied&state=x", f"?code={'x' * 5000}&state=x"])
def test_coming_back_with_nothing_says_so(browser: Browser, query: str) -> None:
    page = browser.get(BACK + query)
    assert (page.status, REFUSED in page.text) == (403, True)


def test_the_other_forms_still_need_their_token(browser: Browser) -> None:
    browser.get("/sign-in")
    browser.token = "invented"
    assert browser.post("/sign-in/organisation").status == 403
    assert browser.post("/sign-in").status == 403


def test_a_service_that_is_away_says_so_and_the_password_still_signs_in(console: ServiceProcess, world: World) -> None:
    assert console.is_ready()
    own = f'[own.organisation]\nissuer = "http://127.0.0.1:1/realm"\nclient_id = "{CLIENT}"\n'
    (world.directory / "organisation.secret").write_text(SECRET + "\n")
    away = ServiceProcess(*world.settings("console", f'{own}secret_file = "{world.directory / "organisation.secret"}"\n')).start()
    try:
        browser = Browser(away.port)
        browser.get("/sign-in")
        assert browser.post("/sign-in/organisation").status == 503
        assert browser.get("/sign-in").status == 200
    finally:
        away.stop()
