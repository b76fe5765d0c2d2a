"""What the pages say of a request that a second person must approve: codes and references, and nothing about a person at risk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ROLES = ("id", "roles", "hubs", "partner", "language")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "invitePerson": _ROLES,
    "changeRoles": _ROLES,
    "dropParked": ("reason",),
    "dismissHeld": ("reason",),
    "exportMembers": ("network", "hub", "reason"),
    "putSource": ("enabled", "profile", "rate_per_second", "new_key", "revoke_old_keys"),
    "putPartner": (
        "support_types",
        "counties",
        "languages",
        "capacity",
        "vetted",
        "suspended",
        "timezone",
        "public_key",
        "signing_key",
        "new_key",
    ),
    "changeConsent": ("granted", "purpose", "scope", "recipient", "until", "case_ref"),
    "linkCandidate": ("defender_ref",),
}
"""The fields of a request that are shown, by operation. Others stay with the service: they may hold anything."""
_SECRETS = ("code", "key")
"""The fields of an answer that only the person who asked gets, once."""


@dataclass(frozen=True)
class Request:
    """One request at a service. `subject` is what it is about: the references that its address has."""

    service: str
    id: str
    operation: str
    subject: str
    state: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    has_result: bool

    def is_of(self, person: str) -> bool:
        """Return True if this person asked: then another one has to approve."""
        return self.asked_by == person


def request_of(service: str, shown: Mapping[str, Any]) -> Request:
    """Return a request as its service shows it."""
    return Request(
        service=service,
        id=str(shown["id"]),
        operation=str(shown["operation"]),
        subject=", ".join(str(value) for value in (shown.get("values") or {}).values()),
        state=str(shown["state"]),
        asked_by=str(shown["asked_by"]),
        asked_at=datetime.fromisoformat(shown["asked_at"]),
        expires_at=datetime.fromisoformat(shown["expires_at"]),
        has_result=bool(shown.get("result_waits")),
    )


def soonest_first(requests: Iterable[Request]) -> list[Request]:
    """Return them in the order in which they expire."""
    return sorted(requests, key=lambda each: (each.expires_at, each.service, each.id))


def asked_for(operation: str, body: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Return the fields of what was asked that are codes, with their codes; nothing for a body that cannot be read."""
    try:
        asked = json.loads(body or "null")
    except ValueError:
        return []
    given = asked if isinstance(asked, Mapping) else {}
    return [(name, _codes(given[name])) for name in _FIELDS.get(operation, ()) if given.get(name) not in (None, "", [])]


def secrets_of(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what an answer holds that is shown once: the code of an invitation, a new key."""
    return [(name, str(result[name])) for name in _SECRETS if result.get(name)]


def _codes(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes",) if value else ("no",)
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
