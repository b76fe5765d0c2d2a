"""What each stored field holds, said where the field is, so that a test finds what is neither sealed nor ever forgotten.

`internal` are codes, times and references. `hashed` is the keyed hash of something about a person. `sealed` is ciphertext.
The last two name the rule of `retention.yaml` after which they are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Held(StrEnum):
    """How carefully a stored field is kept."""

    INTERNAL = "internal"
    HASHED = "hashed"
    SEALED = "sealed"


INTERNAL: dict[str, Any] = {"held": Held.INTERNAL, "rule": ""}


def hashed(rule: str) -> dict[str, Any]:
    """Describe a field with a keyed hash, erased after this rule."""
    return {"held": Held.HASHED, "rule": rule}


def sealed(rule: str) -> dict[str, Any]:
    """Describe a field with ciphertext, erased after this rule."""
    return {"held": Held.SEALED, "rule": rule}


def internal(names: str) -> dict[str, dict[str, Any]]:
    """Describe several fields of codes, times or references, by their names with spaces between them."""
    return dict.fromkeys(names.split(), INTERNAL)


OUTBOX_RULE = "outbox"
"""No rule of a coalition: events that were sent are gone after `connection.OUTBOX_DAYS`."""
APPROVALS_RULE = "approvals"
"""No rule of a coalition: a request for a second operator is gone after `[approvals] within_s`, or when it is decided."""
ACCOUNTS_RULE = "accounts"
"""No rule of a coalition: what proves who signs in at the console is destroyed when the account is closed."""
HANDED_RULE = "handed"
"""No rule of a coalition: an address that was handed over for one message is gone when it is used, or after a few minutes."""
FORMS_RULE = "forms"
"""No rule of a coalition: a form that the console keeps until a person signs in again is gone after a quarter of an hour."""

CHASSIS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "outbox": {
        **internal("_id message_id to subject routing_key content_type headers priority created_at lease leased_until"),
        **internal("attempts trouble sent_at at to_move audit key mac into"),
        "body": sealed(OUTBOX_RULE), "record": sealed(OUTBOX_RULE),
    },
    "parked": {
        **internal("_id queue routing_key headers content_type size scope attempts state parked_at first_parked_at times"),
        **internal("reason errors edge whole"), "body": sealed("parked"), "name": sealed("parked"), "digest": hashed("parked"),
    },
    "audit": internal("_id chain n at actor action subject detail previous hash key"),
    "audit_heads": internal("_id n hash key"),
    "audit_held": internal("_id at heads moved revision"),
    "audit_reads": internal("_id actor list filters since until times most revision"),
    "audit_published": internal("_id at chains revision"),
    "data_keys": internal("_id scope period wrapped"),
    "sequences": internal("_id n"),
    "backups": internal("_id at since"),
    "approvals": {
        **internal("_id operation method path needs values state asked_by asked_at expires_at decided_by decided_at reason"),
        "asked": sealed(APPROVALS_RULE), "result": sealed(APPROVALS_RULE),
    },
}  # fmt: skip
"""The chassis' own collections. In an event's body, what is sensitive is a box sealed to its reader."""
