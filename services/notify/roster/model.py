"""Who can be notified: a recipient is a kind and a reference, never an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

DUTY_OFFICER = "duty_officer"
PARTNER = "partner"
DEFENDER = "defender"
OWNER = "owner"
"""The operator who owns the case, as referral publishes it. Only a rule of the policy names this kind.

The message goes to `Recipient(DUTY_OFFICER, owner)`: an operator who is on the roster has one id as operator and as duty officer.
"""
KINDS = (DUTY_OFFICER, OWNER, PARTNER, DEFENDER)
"""The kinds that a rule may name."""


@dataclass(frozen=True)
class Recipient:
    """A person who is notified.

    `kind` is never `OWNER`. `ref` is a roster id, a partner id or a defender reference (without one, a case reference).
    """

    kind: str
    ref: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref}"


@dataclass(frozen=True)
class Contact:
    """The part of a roster entry that planning needs; its address stays sealed. `language` is an ISO 639 code."""

    recipient: Recipient
    channel: str
    language: str


@dataclass(frozen=True)
class ContactSummary:
    """The registry's summary on contacting one case's defender: whether, and by which kinds of channel.

    `sequence` is that of the event it came with, so that an older one that comes late changes nothing.
    """

    case_ref: str
    defender_ref: str | None
    may_contact: bool
    channels: tuple[str, ...]
    sequence: int = 0
    revision: int = 0


Roster = Callable[[Recipient], Contact | None]
"""Finds a recipient's roster entry, if there is one."""
