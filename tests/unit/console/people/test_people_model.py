"""Which accounts come first, which requests are shown to the person who asked, and what changed meanwhile."""

from __future__ import annotations

from typing import Any

from services.console.people.model import Request, in_order, is_as_seen, requests_of, seen_of


def account(name: str, state: str = "active", **others: Any) -> dict[str, Any]:
    return {"id": name, "state": state, "roles": ["watch"], "hubs": [], **others}


def approval(**others: Any) -> dict[str, Any]:
    return {
        "id": "a1", "operation": "changeRoles", "values": {"account_id": "juma"}, "state": "waiting", "asked_by": "amina",
        "expires_at": "2026-12-01T00:00:00Z", "result_waits": False, **others,
    }  # fmt: skip


def test_accounts_in_use_come_first() -> None:
    names = [each["id"] for each in in_order([account("c", "closed"), account("b", "invited"), account("d"), account("a")])]
    assert names == ["a", "d", "b", "c"]


def test_a_person_sees_what_they_asked_for_as_long_as_something_waits() -> None:
    seen = requests_of(
        [
            approval(), approval(id="a2", asked_by="juma"), approval(id="a3", operation="replayOutbox"),
            approval(id="a4", state="executed"), approval(id="a5", state="executed", result_waits=True, values=None),
        ],
        "amina",
    )  # fmt: skip
    assert seen == [
        Request("a1", "roles", "juma", has_answer=False, expires_at="2026-12-01T00:00:00Z"),
        Request("a5", "roles", "", has_answer=True, expires_at="2026-12-01T00:00:00Z"),
    ]


def test_changed_roles_hubs_or_state_are_noticed_and_their_order_is_not() -> None:
    shown = seen_of(account("a", roles=["watch", "auditor"], hubs=["KE-30"]))
    assert is_as_seen(account("a", roles=["auditor", "watch"], hubs=["KE-30"]), shown)
    assert not is_as_seen(account("a", roles=["auditor"], hubs=["KE-30"]), shown)
    assert not is_as_seen(account("a", "closed", roles=["auditor", "watch"], hubs=["KE-30"]), shown)
