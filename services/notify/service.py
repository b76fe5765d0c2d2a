"""Notify, built from what its use cases declare."""

from __future__ import annotations

from ngao.chassis.handlers import build
from services.notify import handed, ladders, messages, roster
from services.notify.context import NotifyParts

NotifyService = build(
    "notify",
    "Informs people about what has happened, and follows each message until a person acknowledges it.",
    NotifyParts,
    (messages, ladders, roster, handed),
)
