"""What operators send about the roster and what they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict
from services.notify.messages.responses import load
from services.notify.roster.address import AddressUnreadableError, read_address
from services.notify.roster.model import Contact

_ID = r"^[a-z][a-z0-9-]{1,40}$"


class _Address(fields.String):
    """A mail address, read once for good: what is taken here, the channel can write to."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return read_address(super()._deserialize(value, attr, data, **kwargs))
        except AddressUnreadableError as error:
            raise ValidationError(f"format|{error}") from None


class RosterEntry(Strict):
    """Where and in which language somebody is told."""

    email = _Address(required=True, metadata=SENSITIVE)
    language = fields.String(
        load_default="en", validate=Pattern(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code."), metadata=INTERNAL
    )


class RosterEntryShown(Strict):
    """A roster entry as it is shown: the address only so far that its owner would recognise it."""

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
        validate=Pattern(_ID, error="format|Must be lower-case letters, digits and hyphens."), metadata=INTERNAL
    )


def roster_id(given: str) -> str:
    """An id from the path; raises InvalidInput."""
    checked: str = load(_RosterId(), {"id": given}, "The id in the path is not one.")["id"]
    return checked


def show_entry(contact: Contact, address: str) -> dict[str, Any]:
    """A roster entry as `RosterEntryShown`."""
    return {
        "kind": contact.recipient.kind,
        "id": contact.recipient.ref,
        "channel": contact.channel,
        "language": contact.language,
        "address": masked(address),
    }


def masked(address: str) -> str:
    """First letter and last label only: `a…@….org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@….{domain.rpartition('.')[2]}"
