"""What a browser gets: strict headers, few bytes, no script, no cookie, and a page of our own for every error."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ngao.chassis.errors import Unavailable
from ngao.chassis.http.pages import ROUTE

FIRST_LOAD = 60_000
PAGES = ("/sign-in", "/sign-in?lang=sw", "/nothing/here", "/sign-in?lang=xx")


def linked(html: str) -> list[str]:
    """What a browser fetches for a page."""
    return re.findall(r'<link [^>]*href="([^"]+)"', html) + re.findall(r'src="([^"]+)"', html)


def test_the_first_address_leads_to_the_sign_in(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"], answer.data) == (303, "/sign-in", b"")


def test_the_sign_in_says_that_nobody_can_sign_in_yet_and_has_no_form_that_cannot_work(client: FlaskClient) -> None:
    answer = client.get("/sign-in")
    assert "Accounts come with the next version." in answer.text
    assert not re.search(r"<(?:form|input|button)", answer.text)
    refused = client.post("/sign-in", data={"username": "amina", "password": "secret"})
    assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})


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
    assert "Set-Cookie" not in headers
    assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_called_desk_needs_no_script_and_leaves_the_origin_for_nothing(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    assert re.findall(r"<title>(.*?)</title>", html) == ["Desk"]
    assert len(re.findall(r"<h1\b", html)) == 1
    assert not re.search(r"<script|\bon\w+=|style=|javascript:", html)
    assert not re.search(r"https?://|\"//", html)
    assert "ngao" not in html.lower()
    assert 'name="viewport"' in html


@pytest.mark.parametrize("path", PAGES)
def test_the_first_load_is_small(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    loaded = [first, *(client.get(each) for each in linked(first.text))]
    assert len(loaded) == 3
    assert {each.status_code for each in loaded[1:]} == {200}
    assert sum(len(each.data) + len(str(each.headers)) for each in loaded) <= FIRST_LOAD / 10, "far below, until there is more"
    assert len(gzip.compress(first.data)) < 14_000, "one window of TCP"


def test_what_is_not_there_is_one_sentence_that_repeats_nothing(client: FlaskClient) -> None:
    answer = client.get("/c/NG-SECRET1?who=amina")
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
    ("path", "route"), [("/sign-in?lang=sw", "/sign-in"), ("/assets/1/2", "/assets/<digest>/<name>"), ("/c/1", "")]
)
def test_the_route_is_named_for_the_log_without_values(app: Flask, path: str, route: str) -> None:
    assert app.test_client().get(path).headers[ROUTE] == route
