"""Decide what the page of people shows of an account and of the requests that wait for a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ACTS = {"invitePerson": "invite", "inviteAgain": "invite_again", "changeRoles": "roles"}
"""The operations of two that this page asks for, and what the page calls them."""
_ORDER = ("active", "invited", "closed")


@dataclass(frozen=True)
class Request:
    """A request of this person that waits, or whose answer waits. `about` is the account, where the request names one openly."""

    id: str
    act: str
    about: str
    has_answer: bool
    expires_at: str


def in_order(accounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the accounts with those first that are in use, then those that are invited, each by name."""
    return sorted(accounts, key=lambda each: (_ORDER.index(each["state"]) if each["state"] in _ORDER else 0, each["id"]))


def requests_of(approvals: Iterable[Mapping[str, Any]], me: str) -> list[Request]:
    """Return what this person has asked for about accounts, if it waits for a second person or its answer waits."""
    return [
        Request(
            id=str(each["id"]), act=ACTS[each["operation"]], about=str((each.get("values") or {}).get("account_id", "")),
            has_answer=bool(each["result_waits"]), expires_at=str(each["expires_at"]),
        )
        for each in approvals
        if each["asked_by"] == me and each["operation"] in ACTS and (each["state"] == "waiting" or each["result_waits"])
    ]  # fmt: skip


def is_as_seen(account: Mapping[str, Any], seen: str) -> bool:
    """Return True if an account's roles and hubs are those that the form has shown."""
    return seen == seen_of(account)


def seen_of(account: Mapping[str, Any]) -> str:
    """Return the state, roles and hubs of an account as a form carries them, to notice what changed meanwhile."""
    return " ".join([str(account["state"]), *sorted(account["roles"]), *sorted(account["hubs"])])
