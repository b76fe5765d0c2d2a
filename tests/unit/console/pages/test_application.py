"""What a browser gets: strict headers, few bytes, no script in a page, and a page of our own for every error."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ngao.chassis.errors import Unavailable
from ngao.chassis.http.pages import ROUTE
from ngao.testing.clock import ManualClock
from services import console
from services.console.pages import keeping
from services.console.pages.application import application
from services.console.sessions.passkeys import Site

FIRST_LOAD = 60_000
PAGES = ("/sign-in", "/sign-in?lang=sw", "/nothing/here", "/sign-in?lang=xx")


def linked(html: str) -> list[str]:
    """What a browser fetches for a page."""
    return re.findall(r'<link [^>]*href="([^"]+)"', html) + re.findall(r'src="([^"]+)"', html)


def test_the_first_address_leads_to_the_sign_in(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def token_of(answer: Any) -> str:
    """Return the token of a page's form against forged requests."""
    (found,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', answer.text))
    return str(found)


def test_a_form_without_its_token_does_nothing(client: FlaskClient) -> None:
    for path in ("/sign-in", "/welcome", "/sign-out", "/c/NG-4CJY0RRPKP/seen"):
        answer = client.post(path, data={"name": "amina", "password": "a password", "code": "123456"})
        assert (answer.status_code, "Sign in again." in answer.text) == (403, True), path
    answer = client.post("/sign-in/passkey", json={"id": "x"})
    assert answer.status_code == 403


def test_a_form_that_another_site_has_sent_does_nothing_although_it_has_a_token(client: FlaskClient) -> None:
    token = token_of(client.get("/sign-in"))
    data = {"csrf_token": token, "invitation": "x"}
    for site in ("cross-site", "same-site"):
        assert client.post("/welcome", data=data, headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/sign-in", "/sign-in?lang=sw", "/welcome", "/unlock", "/c/NG-4CJY0RRPKP", "/m/ABCD-0123"])
def test_a_link_on_another_site_does_not_replace_the_cookie_that_the_browser_kept_back(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
    assert '<meta http-equiv="refresh" content="0">' in answer.text
    (again,) = re.findall(r'href="([^"]+)" data-arrive', answer.text)
    assert unescape(again) == (f"{path}&" if "?" in path else f"{path}?"), "another address, so that a code behind # is kept"
    assert client.get(unescape(again)).status_code in (200, 303)
    assert "csrf_token" not in answer.text


def test_a_form_of_another_site_does_not_replace_it_either(client: FlaskClient) -> None:
    answer = client.post("/sign-in?lang=sw", data={"name": "amina"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (403, [])


@pytest.mark.parametrize("path", ["/nothing/here", "/%2felsewhere.example.org/", "/c/%0d%0a"])
def test_no_address_of_another_site_leads_on_to_what_is_no_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert "http-equiv" not in answer.text
    assert "elsewhere" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("path", ["/me", "/c/NG-4CJY0RRPKP", "/c/NG-4CJY0RRPKP/story"])
def test_a_page_of_staff_leads_to_the_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_a_link_of_a_message_waits_for_the_sign_in_for_a_quarter_of_an_hour(app: Flask, parts: Any) -> None:
    with app.test_client() as client:
        answer = client.get("/m/7b2c-9f01")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        assert "7B2C" not in client.get("/sign-in").text
        client.get("/m/anything")
        assert keeping.next_address(parts) == "/m/7B2C-9F01"
        assert keeping.next_address(parts) == "/", "it is used once"
        client.get("/m/7b2c-9f01")
        later = SimpleNamespace(**{**vars(parts), "clock": ManualClock(parts.clock.now() + timedelta(minutes=16))})
        assert keeping.next_address(later) == "/"


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(app: Flask, client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Expires" not in cookie, "it ends with the browser"
    assert (app.config["SESSION_COOKIE_NAME"], app.config["SESSION_COOKIE_SECURE"]) == ("desk", False)


def test_over_tls_the_cookie_is_a_host_cookie(parts: Any) -> None:
    over_tls = SimpleNamespace(**{**vars(parts), "site": Site("https://desk.example.org")})
    cookie = application(over_tls, console).test_client().get("/sign-in", base_url="https://desk.example.org").headers["Set-Cookie"]
    assert cookie.startswith("__Host-desk=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))


@pytest.mark.parametrize("path", [*PAGES, "/"])
def test_headers_are_strict_on_every_answer(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert set(re.findall(r"(?:style|img)-src (.*?)(?:;|$)", policy)) == {"'self'"}
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == (
        "no-store", "nosniff", "no-referrer",
    )  # fmt: skip
    assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_called_desk_needs_no_script_and_leaves_the_origin_for_nothing(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    assert re.findall(r"<title>(.*?)</title>", html) == ["Desk"]
    assert len(re.findall(r"<h1\b", html)) == 1
    assert re.findall(r"<script[^>]*>[^<]*", html) == re.findall(r'<script src="/assets/[0-9a-f]{16}/desk.js" defer>', html)
    assert not re.search(r"\bon\w+=|style=|javascript:", html)
    assert not re.search(r"https?://|\"//", html)
    assert "ngao" not in html.lower()
    assert 'name="viewport"' in html


@pytest.mark.parametrize("path", PAGES)
def test_the_first_load_is_small(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    loaded = [first, *(client.get(each) for each in linked(first.text))]
    assert len(loaded) == 4
    assert {each.status_code for each in loaded[1:]} == {200}
    assert sum(len(each.data) + len(str(each.headers)) for each in loaded) <= FIRST_LOAD / 3
    assert len(gzip.compress(first.data)) < 14_000, "one window of TCP"


def test_a_page_is_compressed_for_a_browser_that_takes_it(client: FlaskClient) -> None:
    plain, packed = client.get("/help/safety"), client.get("/help/safety", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert ("Content-Encoding" in plain.headers, packed.headers["Content-Encoding"]) == (False, "gzip")
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) * 0.6
    assert plain.headers["Vary"] == packed.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) == int(packed.headers["Content-Length"])


def test_a_page_is_sent_as_it_is_to_a_browser_that_refuses_gzip(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/help/safety", headers={"Accept-Encoding": "gzip;q=0, identity"}).headers


def test_what_is_not_there_is_one_sentence_that_repeats_nothing(client: FlaskClient) -> None:
    answer = client.get("/x/NG-SECRET1?who=amina")
    assert answer.status_code == 404
    assert "Not found, or not yours to see." in answer.text
    assert not re.search(r"SECRET1|amina", answer.text)


def test_an_unexpected_error_is_a_page_with_a_number_and_without_its_text(app: Flask, capsys: Any) -> None:
    def broken() -> str:
        raise RuntimeError("Wanjiku")

    app.add_url_rule("/broken", "broken", broken)
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert re.search(r"report this number: [0-9a-f]{16}", answer.text)
    assert "Wanjiku" not in answer.text + "".join(capsys.readouterr())


def test_what_may_pass_says_so_and_when_to_come_again(app: Flask) -> None:
    def away() -> str:
        raise Unavailable("the store is away")

    app.add_url_rule("/away", "away", away)
    answer = app.test_client().get("/away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "This cannot be shown now. Try again." in answer.text
    assert "store" not in answer.text


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/sign-in?lang=sw", "/sign-in"),
        ("/assets/1/2", "/assets/<digest>/<name>"),
        ("/c/NG-1", "/c/<case:case_ref>"),
        ("/x/1", ""),
    ],
)
def test_the_route_is_named_for_the_log_without_values(app: Flask, path: str, route: str) -> None:
    assert app.test_client().get(path).headers[ROUTE] == route
