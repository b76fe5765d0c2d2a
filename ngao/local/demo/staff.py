"""The demo's account for the web pages, set up on the pages as a person does it, so that a newcomer can sign in."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import pyotp
import requests

from ngao.chassis.errors import NotFound, Unavailable
from ngao.deployment.atomic_files import write_whole
from ngao.local.pictures import Person, Picture, chromium, take

NAME = "demo-officer"
ROLES = ("duty-officer",)
_PATIENCE_S, _STEP_S = 30, 30
_CSRF = r'name="csrf_token" value="([^"]+)"'


@dataclass(frozen=True)
class DemoAccount:
    """What its holder types; `secret` is that of the authenticator app, `step` the last step of time whose code was given out."""

    name: str
    password: str
    secret: str
    step: int

    @property
    def code(self) -> str:
        """The code of that step (RFC 6238)."""
        return pyotp.TOTP(self.secret).at(self.step * _STEP_S)


def file_of(home: Path) -> Path:
    """Return the file of the account in a home."""
    return home / "accounts" / f"staff-{NAME}" / "account.json"


def read_account(home: Path) -> DemoAccount:
    """Return the account. Raises NotFound without one."""
    try:
        return DemoAccount(**json.loads(file_of(home).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        raise NotFound("There is no account of the demo here. Run `make demo` first.") from None


def new_code(home: Path) -> str:
    """Return a code that was not given out before, since each works once. Raises NotFound.

    The console takes the code of the next step, too. After two codes in half a minute, this waits for the third.
    """
    known = read_account(home)
    while known.step > _now():
        time.sleep(0.2)
    given = replace(known, step=max(_now(), known.step + 1))
    _keep(home, given)
    return given.code


def take_pictures(home: Path, url: str, pages: Sequence[Picture]) -> list[Path]:
    """Take pictures of the console's pages as the account sees them. Raises Misconfigured without a browser."""
    known = read_account(home)
    with chromium() as browser:
        taken = take(browser, Person(url, known.name, known.password, known.secret), pages, home / "pictures")
    _keep(home, replace(known, step=max(known.step, _now() + 1)))
    return taken


def set_up_account(home: Path, url: str, code: str) -> DemoAccount:
    """Set up the invited account on the console's pages, and keep what its holder types. Raises Unavailable."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    with requests.Session() as line:
        line.trust_env = False
        page = _send(line, "GET", url)
        page = _send(line, "POST", url, csrf_token=_only(_CSRF, page), invitation=code)
        account = DemoAccount(NAME, password, _only(r"<code[^>]*>([A-Z2-7]{32})</code>", page), _now())
        _send(line, "POST", url, csrf_token=_only(_CSRF, page), invitation=code, password=password, code=account.code)
    _keep(home, account)
    return account


def _now() -> int:
    return int(time.time()) // _STEP_S


def _keep(home: Path, account: DemoAccount) -> None:
    file_of(home).parent.mkdir(parents=True, exist_ok=True)
    write_whole(file_of(home), json.dumps(asdict(account)) + "\n")


def _send(line: requests.Session, method: str, url: str, **fields: Any) -> str:
    answer = line.request(method, f"{url}/welcome", data=fields or None, timeout=_PATIENCE_S)
    if answer.status_code != 200:
        raise Unavailable(f"The console did not set up the demo's account: it answered {answer.status_code}.")
    return answer.text


def _only(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    if found is None:
        raise Unavailable("The console's page of invitations is not the one that the demo knows.")
    return unescape(found[1])
