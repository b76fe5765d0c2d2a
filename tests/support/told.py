"""What the probe service is told, and what can be seen of it afterwards."""

from __future__ import annotations

import secrets
from typing import Any

from ngao.contracts import Event, make

HEARD = "notify.message.failed.v1"
ALSO_HEARD = "notify.message.refused.v1"
OWN = "referral.declined.v1"
"""What the probe publishes itself and hears, too."""
HEARS = {
    "referral": (HEARD, ALSO_HEARD, OWN, "intake.audit.noted.v1", "notify.audit.noted.v1", "registry.audit.noted.v1",
                 "console.audit.noted.v1"),
    "intake": ("referral.case.closed.v1",),
}
"""The probe's subscriptions, the audit heads of the other services included, and whoever gets what it publishes."""
QUEUE, OWN_QUEUE = f"referral.{HEARD}", f"referral.{OWN}"
SAID = "intake.referral.case.closed.v1"


def heard(reason: str, *, subject: str | None = None, urgent: bool = False, kind: str = HEARD) -> Event:
    subject = subject or f"NG-{secrets.token_hex(5).upper()}"
    data = {
        "message_id": "m", "case_ref": subject, "cause": "c", "recipient_kind": "duty_officer", "recipient_ref": "r",
        "template": "t", "channel": "email", "reason": reason, "next_step": "coordinator", "policy_version": "1",
    }
    return make(kind, subject=subject, data=data, urgent=urgent)


def own(reason: str) -> Event:
    """An event of the probe's own, which it also hears."""
    subject = f"NG-{secrets.token_hex(5).upper()}"
    data = {"case_ref": subject, "offer_id": "o", "partner_id": "p", "need": "legal_aid", "urgency": "low", "reason": reason}
    return make(OWN, subject=subject, data=data)


def effects(store: Any, event: Event) -> int:
    return int(store.effects.count_documents({"event": event.id}))
