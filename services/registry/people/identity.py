"""A report's facts about its person. Values live in memory only; their `repr` shows none, so no log or traceback can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ngao.kernel.records import from_record, stored_as

_E164 = re.compile(r"^(\+[1-9][0-9]{7,14})(?:;ext=[0-9]+)?$")

MOST_NAMES = 20
"""So many names a record keeps; each further report about its person keeps its own."""


@dataclass(frozen=True)
class Identity:
    """Names as stated; phones in E.164 where they can be parsed; e-mail addresses. Each may have many values.

    `phones_as_stated` are there where the parsed number differs: it can be a guess.
    """

    names: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    phones_as_stated: tuple[str, ...] = field(default=(), repr=False, metadata=stored_as("phones_told"))

    def merged_with(self, other: Identity) -> Identity:
        """Return both together, each value once, the older first: a person keeps the names they gave, up to a bound."""
        return Identity(
            names=_each_once((*self.names, *other.names))[:MOST_NAMES],
            phones=_each_once((*self.phones, *other.phones)),
            emails=_each_once((*self.emails, *other.emails)),
            phones_as_stated=_each_once((*self.phones_as_stated, *other.phones_as_stated)),
        )

    def over(self, old: Identity | None) -> Identity:
        """Return this as a correction of an older one: an empty list changes nothing, phones keep their original spelling."""
        if old is None:
            return self
        phones = self if self.phones else old
        return Identity(self.names or old.names, phones.phones, self.emails or old.emails, phones.phones_as_stated)

    @property
    def is_empty(self) -> bool:
        """Return True if it names no person."""
        return not (self.names or self.phones or self.emails)

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """Return the values that can match two records: `(kind, value)`. Other text in a phone field ("none") is left out."""
        read = (_E164.fullmatch(phone) for phone in self.phones)
        phones = (("phone", found[1]) for found in read if found)
        return (*phones, *(("email", email) for email in self.emails if "@" in email))


@dataclass(frozen=True)
class ContactSafety:
    """How the person may be reached without harm. Without one, the person is not contacted.

    `hours` are `{opens, closes, days}` in the person's own time zone; `shared_phone` is assumed until denied.
    """

    may_contact: bool = False
    channels: tuple[str, ...] = ()
    hours: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    code_word: str | None = field(default=None, repr=False)
    voicemail: bool = False
    shared_phone: bool = True
    instructions: str | None = field(default=None, repr=False)

    @property
    def is_safe(self) -> bool:
        """Return True if contact is safe over a channel that the person has named: silence about channels is a no."""
        return self.may_contact and bool(self.channels)

    def reachable(self, identity: Identity) -> Identity:
        """Return the identity with only those addresses whose channel the person called safe."""
        by_phone = self.is_safe and not {"phone", "sms"}.isdisjoint(self.channels)
        by_email = self.is_safe and "email" in self.channels
        return Identity(
            identity.names,
            identity.phones if by_phone else (),
            identity.emails if by_email else (),
            identity.phones_as_stated if by_phone else (),
        )

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> ContactSafety:
        """Return the safety of plain values; missing ones take their careful default, and only a true `true` allows contact."""
        return from_record(
            ContactSafety,
            raw,
            may_contact=raw.get("may_contact") is True,
            voicemail=raw.get("voicemail") is True,
            shared_phone=raw.get("shared_phone") is not False,
        )


@dataclass(frozen=True)
class ReportedIdentity:
    """All facts of a report about its person: who, what they say about themselves, how to reach them."""

    identity: Identity | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contact_safety: ContactSafety | None = None

    @staticmethod
    def from_dict(raw: Mapping[str, Any]) -> ReportedIdentity:
        """Return the facts of plain values; an identity that names no person counts as none."""
        identity = from_record(Identity, raw["identity"]) if raw.get("identity") else None
        safety = raw.get("contact_safety")
        return ReportedIdentity(
            identity=identity if identity and not identity.is_empty else None,
            attributes=dict(raw.get("attributes") or {}),
            contact_safety=ContactSafety.from_dict(safety) if safety else None,
        )


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
