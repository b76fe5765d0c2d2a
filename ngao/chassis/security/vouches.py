"""Whose keys these are: vouches by those who onboard, and the keys that a service has pinned.

A vouch names a recipient outside and the keys it has: one that boxes are sealed to, one that it signs with. It is signed by one
or more onboarding keys, whose private halves are with the operators' tools alone. A sealing service trusts a vouch that it
has verified with its own copy of the onboarding keys, and nothing else: no event, no other service's database, no HTTP key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security import seals, signing

PURPOSE = b"ngao.vouch.v1\n"
LONGEST = 4096


@dataclass(frozen=True)
class Statement:
    """What is vouched for; keys as base64. Without a `signing_key` the recipient cannot sign yet."""

    recipient_id: str
    box_key: str
    signing_key: str | None
    issued_at: datetime

    def as_text(self) -> str:
        """Return the text that is signed, byte for byte."""
        return json.dumps(
            {
                "v": 1, "recipient_id": self.recipient_id, "box_key": self.box_key, "signing_key": self.signing_key,
                "issued_at": self.issued_at.isoformat(),
            },
            separators=(",", ":"),
        )  # fmt: skip


@dataclass(frozen=True)
class Vouch:
    """A statement with the signatures under it, by the id of the onboarding key."""

    statement: Statement
    text: str
    signatures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls, statement: Statement) -> Vouch:
        """Return an unsigned vouch. Raises InvalidInput for keys that are none."""
        seals.key_id(statement.box_key)
        if statement.signing_key is not None:
            signing.key_id(statement.signing_key)
        return cls(statement, statement.as_text())

    @classmethod
    def read(cls, written: str) -> Vouch:
        """Read one; raises InvalidInput for what is none. Whether anybody signed it is another question (`signers`)."""
        try:
            outer = json.loads(written[:LONGEST])  # what is longer is no vouch, and then no JSON either
            signatures = {str(each["key_id"]): str(each["signature"]) for each in outer["signatures"]}
            return cls(_statement(json.loads(outer["statement"])), outer["statement"], signatures)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise InvalidInput("This is no vouch for a recipient's keys.") from None

    def signed(self, private_b64: str) -> Vouch:
        """Return the same with one more signature. Raises Misconfigured when the key is no key."""
        key_id = signing.key_id(signing.public_of(private_b64))
        signature = signing.sign(private_b64, PURPOSE, self.text.encode())
        return replace(self, signatures={**self.signatures, key_id: signature})

    def signers(self, trusted: Mapping[str, str]) -> frozenset[str]:
        """Return the ids of the trusted onboarding keys that signed it."""
        return frozenset(
            key_id for key_id, signature in self.signatures.items()
            if key_id in trusted and signing.verifies(trusted[key_id], PURPOSE, self.text.encode(), signature)
        )  # fmt: skip

    def write(self) -> str:
        """Return the vouch as it travels."""
        signatures = [{"key_id": key_id, "signature": each} for key_id, each in sorted(self.signatures.items())]
        return json.dumps({"statement": self.text, "signatures": signatures}, separators=(",", ":"))


class NotBelieved(StrEnum):
    """Why the keys of a recipient are not believed, so that nothing is sealed to it."""

    NOT_VOUCHED = "key_not_vouched"
    CHANGED = "key_changed"
    OUTDATED = "key_outdated"


@dataclass(frozen=True)
class Pin:
    """The keys that were last sealed to, by their ids, and from when the vouch for them was."""

    key_id: str
    signing_key_id: str | None
    issued_at: datetime

    def names(self, other: Pin) -> bool:
        """Return True if both name the same keys."""
        return (self.key_id, self.signing_key_id) == (other.key_id, other.signing_key_id)


@dataclass(frozen=True)
class RecipientKeys:
    """Keys that may be believed, and what is to be pinned when they are used."""

    box_key: str
    signing_key: str | None
    pin: Pin

    @property
    def key_id(self) -> str:
        """The id of the key that boxes are sealed to."""
        return self.pin.key_id

    def signed(self, purpose: bytes, content: bytes, signature: str | None) -> bool:
        """Return True if the recipient signed this. One that has no key to sign with need not."""
        return self.signing_key is None or signing.verifies(self.signing_key, purpose, content, signature or "")


def judge(written: str | None, recipient_id: str, pin: Pin | None, trusted: Mapping[str, str]) -> RecipientKeys | NotBelieved:
    """Return the keys that a vouch states for this recipient, or why they are not believed.

    `pin` is what was sealed to before, `trusted` the onboarding keys. Other keys than those that are pinned need two signatures,
    where there are two onboarding keys.
    """
    try:
        vouch = Vouch.read(written or "")
        found = _recipient(vouch.statement)
    except InvalidInput:
        return NotBelieved.NOT_VOUCHED
    signers = vouch.signers(trusted)
    if vouch.statement.recipient_id != recipient_id or not signers:
        return NotBelieved.NOT_VOUCHED
    if pin is None:
        return found
    if pin.names(found.pin):
        return replace(found, pin=replace(pin, issued_at=max(pin.issued_at, found.pin.issued_at)))
    if found.pin.issued_at <= pin.issued_at:
        return NotBelieved.OUTDATED
    return found if len(signers) >= min(2, len(trusted)) else NotBelieved.CHANGED


def _statement(said: Any) -> Statement:
    if said["v"] != 1:
        raise ValueError(said["v"])
    issued_at = datetime.fromisoformat(said["issued_at"])
    if issued_at.tzinfo is None:
        raise ValueError(issued_at)
    issued_at = issued_at.replace(microsecond=issued_at.microsecond // 1000 * 1000)  # as a store keeps it
    signing_key = None if said["signing_key"] is None else str(said["signing_key"])
    return Statement(str(said["recipient_id"]), str(said["box_key"]), signing_key, issued_at)


def _recipient(statement: Statement) -> RecipientKeys:
    signing_key_id = None if statement.signing_key is None else signing.key_id(statement.signing_key)
    pin = Pin(seals.key_id(statement.box_key), signing_key_id, statement.issued_at)
    return RecipientKeys(statement.box_key, statement.signing_key, pin)
