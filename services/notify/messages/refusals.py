"""Why a message is not sent. Every refusal is stored with its reason and said as an event."""

from __future__ import annotations

from collections.abc import Collection

from services.notify.roster.model import ContactSummary

CONTACT_UNKNOWN = "contact_unknown"
NO_SAFE_CONTACT = "no_safe_contact"
CHANNEL_NOT_ALLOWED = "channel_not_allowed"
NO_ADDRESS = "no_address"
GIVEN_UP = "given_up"
NOBODY_REACHED = "nobody_reached"

MEANING = {
    CONTACT_UNKNOWN: "The registry has said nothing about contact for this case; without a word from it nobody is contacted.",
    NO_SAFE_CONTACT: "The person has not said that contact is safe.",
    CHANNEL_NOT_ALLOWED: "None of the channels that are safe for the person is one that notify has.",
    NO_ADDRESS: "Notify holds no address for this recipient.",
    GIVEN_UP: "Every try failed with a temporary error.",
    NOBODY_REACHED: "The alarm that asked in its place ended without an acknowledgement.",
}


def why_not_the_defender(summary: ContactSummary | None, channels: Collection[str]) -> str | None:
    """The reason why the defender may not be told, or None if it is safe and a channel fits.

    Silence counts as no: a person is told only when the registry says that contact is safe (NNEDV, safe contact
    methods: never use a channel that the person has not said is safe).
    """
    if summary is None:
        return CONTACT_UNKNOWN
    if not summary.may_contact:
        return NO_SAFE_CONTACT
    if not set(summary.channels) & set(channels):
        return CHANNEL_NOT_ALLOWED
    return None
