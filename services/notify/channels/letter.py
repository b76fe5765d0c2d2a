"""What a channel is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Letter:
    """One message as it goes out. `message_id` is the same on every try, so that a second copy can be recognised."""

    message_id: str
    address: str = field(repr=False)
    subject: str
    body: str


class Result(StrEnum):
    """What a channel says of a letter."""

    TAKEN = "taken"
    NOT_NOW = "not_now"
    NEVER = "never"


@dataclass(frozen=True)
class Outcome:
    """The channel's answer with a coded reason, which never holds the far side's words: they may hold the address.

    `for_all` says that no other letter would get through now either.
    """

    result: Result
    reason: str = ""
    for_all: bool = field(default=False, compare=False)
