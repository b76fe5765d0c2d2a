"""What a mail server's answer is about: our account, this recipient, or this letter.

The step at which the server answers decides first: whatever it refuses before a recipient is named concerns our account or
the server itself. After that the enhanced status code decides (RFC 3463, RFC 7372, RFC 4954), because basic codes are used
for everything: 550 is a sending limit at one provider and an unknown mailbox at all of them.
"""

from __future__ import annotations

import re
from enum import StrEnum

from services.notify.domain.letter import Outcome, Result


class Step(StrEnum):
    """Where in the conversation the server answered."""

    ACCOUNT = "account"
    RECIPIENT = "recipient"
    CONTENT = "content"


_ENHANCED = re.compile(rb"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_ACCOUNT_CODES = frozenset({421, 432, 454, 530, 534, 535, 538})
"""Basic codes that mean our login or a server that is closing, whatever is said with them."""

_OF_ACCOUNT = frozenset(
    # bad sender, server, link, limits, protocol; security and policy, but for what is about the owner of one mailbox
    [(1, 7), (1, 8), (3, 0), (3, 1), (3, 2), (4, 1), (4, 2), (4, 5), (5, 1), (5, 3)]
    + [(7, number) for number in range(31) if number not in {15, 16, 17, 18, 19}]
)
_LIMIT = re.compile(rb"\b(relay|sending|daily|hourly|sender|account)\b.{0,40}\b(limit|quota|rate)\b", re.IGNORECASE)
"""Google says `450 4.2.1 Peak SMTP relay limit exceeded for this customer`: a recipient's code for a limit of ours."""


def judge(step: Step, code: int, reply: bytes) -> Outcome:
    """The outcome of a refusal; its reason holds the codes only, because the words may hold the address."""
    found = _ENHANCED.match(reply)
    enhanced = ".".join(part.decode() for part in found.groups()) if found else ""
    reason = f"smtp_{code}_{enhanced}" if enhanced else f"smtp_{code}"
    if _concerns_the_account(step, code, enhanced, reply):
        return Outcome(Result.NOT_NOW, reason, for_all=True)
    passes = enhanced.startswith("4") if enhanced else 400 <= code < 500  # RFC 3463: the class says whether it may pass
    return Outcome(Result.NOT_NOW if passes else Result.NEVER, reason)


def _concerns_the_account(step: Step, code: int, enhanced: str, reply: bytes) -> bool:
    if step is Step.ACCOUNT or code in _ACCOUNT_CODES or _LIMIT.search(reply):
        return True
    return bool(enhanced) and tuple(int(part) for part in enhanced.split(".")[1:]) in _OF_ACCOUNT
