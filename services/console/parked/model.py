"""What the pages say of a parked message: why it was set aside, by kinds of reasons that have words, and where it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Why(StrEnum):
    """The kinds of reasons. The pages have a sentence for each; the exact reason is a detail."""

    FORGED = "forged"
    NOT_READABLE = "not_readable"
    TOO_NEW = "too_new"
    UNKNOWN_SENDER = "unknown_sender"
    NO_KEY = "no_key"
    TOO_LARGE = "too_large"
    NOT_ALLOWED = "not_allowed"
    NOT_STORED = "not_stored"
    ENDED = "ended"
    FAULT = "fault"
    OTHER = "other"


_WHY = {
    "not-authentic": Why.FORGED,
    "wrong-account": Why.FORGED,
    "undecodable": Why.NOT_READABLE,
    "unreadable": Why.NOT_READABLE,
    "malformed-json": Why.NOT_READABLE,
    "invalid-content": Why.NOT_READABLE,
    "invalid-input": Why.NOT_READABLE,
    "reply-broken": Why.NOT_READABLE,
    "unsupported-media-type": Why.NOT_READABLE,
    "acceptance-not-signed": Why.NOT_READABLE,
    "unknown-type": Why.TOO_NEW,
    "unknown-source": Why.UNKNOWN_SENDER,
    "seal-broken": Why.NO_KEY,
    "too-large": Why.TOO_LARGE,
    "not-found": Why.NOT_ALLOWED,
    "not-allowed-now": Why.NOT_ALLOWED,
    "offer-state": Why.NOT_ALLOWED,
    "case-closed": Why.NOT_ALLOWED,
    "withdrawn": Why.NOT_ALLOWED,
    "forgotten": Why.NOT_ALLOWED,
    "conflicting-repeat": Why.NOT_ALLOWED,
    "conflict": Why.NOT_STORED,
    "store-error": Why.NOT_STORED,
    "store-refused": Why.NOT_STORED,
    "unavailable": Why.NOT_STORED,
    "delivery-limit": Why.ENDED,
}
_FAULTS = ("handler-error-", "unexpected-")
_ENDINGS = (".urgent", ".v1")


@dataclass(frozen=True)
class Parked:
    """One parked message of a service. `type` is the type of its event, or the place where outsiders' messages come in."""

    service: str
    id: str
    type: str
    why: Why
    reason: str
    state: str
    attempts: int
    times: int
    size: int
    is_whole: bool
    since: datetime
    fields: tuple[tuple[str, str], ...]

    @property
    def may_be_replayed(self) -> bool:
        """Return True if its bytes are here, and a person may still decide."""
        return self.state == "parked" and self.is_whole


def parked_of(service: str, shown: Mapping[str, Any]) -> Parked:
    """Return a message as its service shows it."""
    reason = str(shown.get("reason") or "")
    return Parked(
        service=service,
        id=str(shown["id"]),
        type=_type_of(service, str(shown.get("queue") or "")),
        why=why_of(reason),
        reason=reason,
        state=str(shown.get("state") or ""),
        attempts=int(shown.get("attempts") or 0),
        times=int(shown.get("times") or 1),
        size=int(shown.get("size") or 0),
        is_whole=bool(shown.get("whole", True)),
        since=datetime.fromisoformat(shown["first_parked_at"]),
        fields=tuple((str(each.get("pointer", "")), str(each.get("code", ""))) for each in shown.get("errors") or ()),
    )


def why_of(reason: str) -> Why:
    """Return the kind of a reason; a fault of the platform itself has the name of its error in it."""
    if reason.startswith(_FAULTS):
        return Why.FAULT
    return _WHY.get(reason, Why.OTHER)


def oldest_first(messages: Iterable[Parked]) -> list[Parked]:
    """Return them in the order in which they are looked after: the oldest is first."""
    return sorted(messages, key=lambda each: (each.since, each.service, each.id))


def _type_of(service: str, queue: str) -> str:
    """Return the type of event of a queue, `referral.intake.report.accepted.v1.urgent`, without what says where it was read."""
    name = queue.removeprefix(f"{service}.")
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name
