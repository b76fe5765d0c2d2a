"""The input of a channel, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class OutgoingMessage:
    """One message as it goes out. `message_id` is the same on every try, so that a second copy can be recognised."""

    message_id: str
    address: str = field(repr=False)
    subject: str
    body: str


class Result(StrEnum):
    """The channel's verdict on a message."""

    ACCEPTED = "taken"
    TRANSIENT_FAILURE = "not_now"
    PERMANENT_FAILURE = "never"


@dataclass(frozen=True)
class Outcome:
    """The channel's answer with a coded reason, which never holds the server's words: they may hold the address.

    `for_all` means that no other message would get through now either.
    """

    result: Result
    reason: str = ""
    for_all: bool = field(default=False, compare=False)
