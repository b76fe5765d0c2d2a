"""Requests and responses of the roster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict
from ngao.kernel.ids import WHOLE_ID
from services.notify.channels.kinds import CHANNELS
from services.notify.messages.responses import load
from services.notify.roster.model import Contact, Recipient


class _Entry(Strict):
    """Exactly one address: where the person is notified."""

    @validates_schema
    def one_address(self, data: Mapping[str, Any], **_: object) -> None:
        """Refuse two addresses: notify cannot guess which of them is the safe one."""
        given = CHANNELS.keys() & data.keys()
        if len(CHANNELS) > 1 and len(given) != 1:
            where = min(given, default=next(iter(CHANNELS)))
            raise ValidationError(f"required|Give exactly one of: {', '.join(CHANNELS)}.", where)


_ADDRESSES = {each.kind: each.address(required=len(CHANNELS) == 1, metadata=SENSITIVE) for each in CHANNELS.values()}
_LANGUAGE = fields.String(
    load_default="en", validate=Pattern(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code."), metadata=INTERNAL
)
RosterEntry = type(
    "RosterEntry", (_Entry,), {"__doc__": "Where to notify a person, and in which language.", **_ADDRESSES, "language": _LANGUAGE}
)


def contact_of(recipient: Recipient, entry: Mapping[str, Any]) -> tuple[Contact, str]:
    """Return the contact that a loaded `RosterEntry` describes, and its address."""
    kind = next(iter(CHANNELS.keys() & entry.keys()))
    return Contact(recipient, kind, entry["language"]), entry[kind]


class RosterEntryShown(Strict):
    """A roster entry as it is shown: only as much of the address as its owner needs to recognise it."""

    kind = fields.String(metadata=INTERNAL)
    id = fields.String(metadata=INTERNAL)
    channel = fields.String(metadata=INTERNAL)
    language = fields.String(metadata=INTERNAL)
    address = fields.String(metadata=INTERNAL)


class RosterShown(Strict):
    """The whole roster."""

    roster = fields.List(fields.Nested(RosterEntryShown), metadata=INTERNAL)


class _RosterId(Strict):
    id = fields.String(
        validate=Pattern(WHOLE_ID, error="format|Must be lower-case letters, digits and hyphens."), metadata=INTERNAL
    )


def roster_id(given: str) -> str:
    """Return an id of the path, checked. Raises InvalidInput."""
    checked: str = load(_RosterId(), {"id": given}, "The id in the path is invalid.")["id"]
    return checked


def show_entry(contact: Contact, address: str) -> dict[str, Any]:
    """Return a roster entry as `RosterEntryShown`."""
    return {
        "kind": contact.recipient.kind,
        "id": contact.recipient.ref,
        "channel": contact.channel,
        "language": contact.language,
        "address": CHANNELS[contact.channel].masked(address),
    }
