"""A person with a browser: keeps the cookie, sends the token of the form, and follows nothing by itself."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import pyotp

FORM = "application/x-www-form-urlencoded"
PASSWORD = "a long enough sentence"


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    text: str
    headers: http.client.HTTPMessage

    @property
    def leads_to(self) -> str:
        return self.headers.get("Location", "")

    @property
    def timeless(self) -> str:
        """The text without the moment at which the page was made, which the token has, too: so two pages are compared."""
        return re.sub(r'data-now( hidden)? datetime="[^"]*"|name="csrf_token" value="[^"]*"', "", self.text)

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.findall(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"the page has no field {name}"
        return str(found[0])


@dataclass
class Browser:
    """One browser at one console."""

    port: int
    agent: str = "Mozilla/5.0 (Linux; Android 13)"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str) -> Page:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> Page:
        """Send a form with the token of the page that was loaded last."""
        return self._ask("POST", path, urlencode({"csrf_token": self.token, **fields}))

    def _ask(self, method: str, path: str, body: str | None = None) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"User-Agent": self.agent, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            connection.request(method, path, body, headers | ({"Content-Type": FORM} if body is not None else {}))
            answer = connection.getresponse()
            page = Page(answer.status, answer.read().decode(), answer.headers)
        finally:
            connection.close()
        for line in page.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name)
        if found := re.findall(r'name="csrf_token" value="([^"]+)"', page.text):
            self.token = found[0]
        return page

    def sign_in(
        self, name: str, secret: str, *, password: str = PASSWORD, steps: int = 0, at: datetime | None = None
    ) -> Page:
        """Sign in by password and the code of the app, `steps` steps of time from `at`, or from now."""
        self.get("/sign-in")
        code = pyotp.TOTP(secret).at(at or datetime.now(UTC), counter_offset=steps)
        return self.post("/sign-in", name=name, password=password, code=code)


def set_up(browser: Browser, code: str, password: str = PASSWORD, at: datetime | None = None) -> tuple[str, list[str]]:
    """Set an account up by an invitation's code; returns the secret of the app and the recovery codes.

    The code of the app is the one of `at`, or of now: a test that uses a code twice says when, as time goes on.
    """
    browser.get("/welcome")
    page = browser.post("/welcome", invitation=code)
    (secret,) = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", page.text)
    done = browser.post("/welcome", invitation=code, password=password, code=pyotp.TOTP(secret).at(at or datetime.now(UTC)))
    assert done.status == 200, done.text
    return secret, re.findall(r"<code>([A-Z2-7-]{19})</code>", done.text)


def invite(service: Any, key: str, name: str, *roles: str, hubs: tuple[str, ...] = (), partner: str = "") -> str:
    """Invite a person as an operator; returns the code."""
    body = {"id": name, "roles": list(roles), "hubs": list(hubs), "partner": partner}
    status, made = service.request("POST", "/v1/accounts", body, key)
    assert status == 201, made
    return str(made["code"])
