"""The reasons why a message is not sent. Every refusal is stored and published with its reason."""

from __future__ import annotations

from collections.abc import Collection

from services.notify.roster.model import ContactSummary

CONTACT_UNKNOWN = "contact_unknown"
NO_SAFE_CONTACT = "no_safe_contact"
CHANNEL_NOT_ALLOWED = "channel_not_allowed"
NO_ADDRESS = "no_address"
TRIES_EXHAUSTED = "given_up"
NOT_ACKNOWLEDGED = "nobody_reached"
NOT_WRITTEN = "not_written"
NO_TEMPLATE = "no_template"
ADDRESS_WANTED = "address_wanted"
NOT_HANDED = "address_not_handed"
UNSEEN_BY_SERVER = frozenset({NO_ADDRESS, NO_TEMPLATE, NOT_WRITTEN, ADDRESS_WANTED, NOT_HANDED})
"""Reasons for which a message is not handed to a channel at all."""

MEANING = {
    CONTACT_UNKNOWN: "The registry has published nothing about contact for this case; without it the defender is not contacted.",
    NO_SAFE_CONTACT: "The person has not said that contact is safe.",
    CHANNEL_NOT_ALLOWED: "None of the channels that are safe for the person is configured.",
    NO_ADDRESS: "Notify has no address for this recipient.",
    TRIES_EXHAUSTED: "Every try failed with a temporary error.",
    NOT_ACKNOWLEDGED: "The alarm that asked instead ended without an acknowledgement.",
    NOT_WRITTEN: "Notify could not write it: see `message.not_written` in its log.",
    NO_TEMPLATE: "The policy no longer has its template.",
    NOT_HANDED: "The registry did not answer with an address in time.",
    "stopped": "The person has said stop.",
    "person_calls": "The person does not want to be contacted: they call.",
    "not_safe": "No one has confirmed that this channel is safe.",
    "reconfirmation_overdue": "How the person may be reached was confirmed too long ago.",
    "outside_hours": "It waits for the hours in which contact is safe.",
    "no_key": "The registry has no public key of notify to seal the address to.",
    "handed_too_often": "The address was handed over for this message too often.",
}


def why_not_the_defender(summary: ContactSummary | None, channels: Collection[str]) -> str | None:
    """Return the reason why the defender may not be notified, or None if it is safe and a channel fits.

    Silence means no: a person is notified only when the registry says that contact is safe (NNEDV, safe contact
    methods: never use a channel that the person has not said is safe).
    """
    if summary is None:
        return CONTACT_UNKNOWN
    if not summary.may_contact:
        return NO_SAFE_CONTACT
    if not set(summary.channels) & set(channels):
        return CHANNEL_NOT_ALLOWED
    return None
