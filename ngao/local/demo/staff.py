"""The demo's account for the web pages, set up on the pages as a person does it, so that a newcomer can sign in."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pyotp
import requests

from ngao.chassis.errors import NotFound, Unavailable
from ngao.deployment.atomic_files import write_whole

NAME = "demo-officer"
ROLES = ("administrator", "auditor", "caseworker", "custodian", "duty-officer", "intake-officer")
_PATIENCE_S = 30
_CSRF = r'name="csrf_token" value="([^"]+)"'


@dataclass(frozen=True)
class DemoAccount:
    """What its holder types; `secret` is that of the authenticator app."""

    name: str
    password: str
    secret: str

    @property
    def code(self) -> str:
        """The code that the app would show now."""
        return pyotp.TOTP(self.secret).now()


def file_of(home: Path) -> Path:
    """Return the file of the account in a home."""
    return home / "accounts" / f"staff-{NAME}" / "account.json"


def read_account(home: Path) -> DemoAccount:
    """Return the account. Raises NotFound without one."""
    try:
        return DemoAccount(**json.loads(file_of(home).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        raise NotFound("There is no account of the demo here. Run `make demo` first.") from None


def set_up_account(home: Path, url: str, code: str) -> DemoAccount:
    """Set up the invited account on the console's pages, and keep what its holder types. Raises Unavailable."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    with requests.Session() as line:
        line.trust_env = False
        page = _send(line, "GET", url)
        page = _send(line, "POST", url, csrf_token=_only(_CSRF, page), invitation=code)
        account = DemoAccount(NAME, password, _only(r"<code[^>]*>([A-Z2-7]{32})</code>", page))
        _send(line, "POST", url, csrf_token=_only(_CSRF, page), invitation=code, password=password, code=account.code)
    file_of(home).parent.mkdir(parents=True, exist_ok=True)
    write_whole(file_of(home), json.dumps(asdict(account)) + "\n")
    return account


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
