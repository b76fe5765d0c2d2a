"""Who is on duty and whom a partner wants told."""

from __future__ import annotations

from datetime import datetime

from ngao.chassis.errors import NotFound
from services.notify.ports import Roster
from services.notify.roster.model import Contact, Recipient


def put_on_roster(roster: Roster, contact: Contact, address: str) -> Contact:
    """Keep or replace an entry; its address is sealed before it is stored."""
    roster.put(contact, address)
    return contact


def take_off_roster(roster: Roster, recipient: Recipient, now: datetime) -> None:
    """Tell them nothing from now on; the address is destroyed when its time is over. Raises NotFound."""
    if not roster.remove(recipient, now):
        raise NotFound("There is no such roster entry.")


def forget_removed(roster: Roster, before: datetime, limit: int) -> list[Recipient]:
    """Destroy the addresses of up to so many who were taken off the roster before this; gives whose."""
    return [roster.destroy(each) for each in roster.removed(before, limit)]
