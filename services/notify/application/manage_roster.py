"""Who is on duty and whom a partner wants told."""

from __future__ import annotations

from services.notify.application.ports import Roster
from services.notify.domain.people import Contact


def put_on_roster(roster: Roster, contact: Contact, address: str) -> Contact:
    """Keep or replace an entry; its address is sealed before it is stored."""
    roster.put(contact, address)
    return contact
