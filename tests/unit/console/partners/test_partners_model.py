"""In which state a partner is, which filters it fits, and what suspends it without changing a key."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.partners.model import State, fits, free_of, hours_of, request_with, state_of

KEY = "A" * 43 + "="


def partner(**others: Any) -> dict[str, Any]:
    return {
        "id": "haki", "name": "Haki", "support_types": ["legal_aid"], "counties": ["KE-30"], "languages": ["sw"], "capacity": 4,
        "held": 1, "asked": 1, "public_key": KEY, "signing_key": "", "vouch": "v", "vetted": True, "suspended": False,
        "revoked": False, "timezone": "Africa/Nairobi", "key": None, "undelivered": 2,
        "hours": [{"opens": "08:00:00", "closes": "24:00", "days": ["mon"]}], **others,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("others", "state"),
    [
        ({}, State.OPEN),
        ({"held": 3}, State.FULL),
        ({"public_key": ""}, State.NO_KEY),
        ({"public_key": "", "suspended": True}, State.SUSPENDED),
        ({"vetted": False, "suspended": True}, State.NOT_VETTED),
        ({"vetted": False, "revoked": True}, State.REVOKED),
    ],
)
def test_the_state_says_what_takes_the_most_to_change(others: dict[str, Any], state: State) -> None:
    assert state_of(partner(**others)) is state


def test_what_it_is_asked_for_counts_as_held_and_an_answer_without_a_load_as_free() -> None:
    assert free_of(partner()) == 2
    bare = {name: value for name, value in partner().items() if name not in ("held", "asked")}
    assert free_of(bare) == 4


def test_hours_have_no_seconds() -> None:
    assert hours_of(partner()) == [("08:00", "24:00", ("mon",))]


def test_a_partner_that_works_everywhere_fits_every_county() -> None:
    assert fits(partner(), {"county": "KE-30", "need": "legal_aid", "state": "open"})
    assert not fits(partner(), {"county": "KE-28"})
    assert fits(partner(counties=["*"]), {"county": "KE-28"})
    assert not fits(partner(), {"need": "medical"})
    assert not fits(partner(), {"state": "full"})
    assert fits(partner(), {})


def test_a_request_that_suspends_has_everything_else_as_it_is_and_asks_for_no_new_key() -> None:
    body = request_with(partner(), suspended=True)
    assert body.pop("suspended") is True
    assert body == {
        "name": "Haki", "support_types": ["legal_aid"], "counties": ["KE-30"], "languages": ["sw"], "capacity": 4,
        "public_key": KEY, "vouch": "v", "vetted": True, "timezone": "Africa/Nairobi",
        "hours": [{"opens": "08:00", "closes": "24:00", "days": ["mon"]}],
    }  # fmt: skip
