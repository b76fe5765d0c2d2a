"""Decide in which state a partner is, whether it has room, and what a request says that suspends it or lets it be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

EVERYWHERE = "*"
_SAVED = ("name", "support_types", "counties", "languages", "capacity", "vetted", "timezone")
_KEYS = ("public_key", "signing_key", "vouch")
"""What a request to save a partner has, besides its hours and whether it is suspended. A key that there is not is left out."""
_MINUTES = len("08:00")


class State(StrEnum):
    """Whether a partner may be asked; if not, why not."""

    OPEN = "open"
    FULL = "full"
    SUSPENDED = "suspended"
    NOT_VETTED = "not_vetted"
    NO_KEY = "no_key"
    REVOKED = "revoked"


def state_of(partner: Mapping[str, Any]) -> State:
    """Return the state of a partner as referral shows it: the reason that takes the most to change comes first."""
    if partner["revoked"]:
        return State.REVOKED
    if not partner["vetted"]:
        return State.NOT_VETTED
    if partner["suspended"]:
        return State.SUSPENDED
    if not partner["public_key"]:
        return State.NO_KEY
    return State.FULL if free_of(partner) <= 0 else State.OPEN


def free_of(partner: Mapping[str, Any]) -> int:
    """Return how many referrals it can still hold; what it is asked for now counts as held."""
    return int(partner["capacity"]) - int(partner.get("held", 0)) - int(partner.get("asked", 0))


def hours_of(partner: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return its hours as begin, end and days; no days means every day."""
    return [(each["opens"][:_MINUTES], each["closes"][:_MINUTES], tuple(each["days"])) for each in partner.get("hours", ())]


def fits(partner: Mapping[str, Any], chosen: Mapping[str, str]) -> bool:
    """Return True if a partner is among those that the filters of the page ask for."""
    need, county, state = (chosen.get(name) for name in ("need", "county", "state"))
    return (
        (not need or need in partner["support_types"])
        and (not county or county in partner["counties"] or EVERYWHERE in partner["counties"])
        and (not state or state == state_of(partner))
    )


def request_with(partner: Mapping[str, Any], *, suspended: bool) -> dict[str, Any]:
    """Return the request that saves a partner as it is, but for whether it is suspended. No key changes."""
    hours = [{"opens": opens, "closes": closes, "days": list(days)} for opens, closes, days in hours_of(partner)]
    keys = {name: partner[name] for name in _KEYS if partner.get(name)}
    return {**{name: partner[name] for name in _SAVED}, **keys, "hours": hours, "suspended": suspended}
