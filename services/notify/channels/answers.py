"""What a mail server's answer is about: our account, this recipient, or this message.

The stage at which the server answers decides first: whatever it refuses before a recipient is named concerns our account or
the server itself. After that the enhanced status code decides (RFC 3463, RFC 7372, RFC 4954), because basic codes are used
for everything: 550 is a sending limit at one provider and an unknown mailbox at all of them. The words decide only where
the codes leave it open, because providers write of a recipient's full mailbox as of an account's quota.
"""

from __future__ import annotations

import re
from enum import StrEnum

from services.notify.channels.outgoing import Outcome, Result


class Stage(StrEnum):
    """The point of the conversation at which the server answered."""

    ACCOUNT = "account"
    RECIPIENT = "recipient"
    CONTENT = "content"


_ENHANCED = re.compile(rb"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b|\(#([245])\.(\d{1,3})\.(\d{1,3})\)")
"""At the beginning, or as qmail writes it: `sorry, no mailbox here by that name. (#5.1.1)`."""

_ACCOUNT_CODES = frozenset({421, 432, 454, 530, 534, 535, 538})
"""Basic codes that mean our login or a server that is closing, unless the enhanced code names the recipient."""

_OF_RECIPIENT = frozenset([(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (2, 2)])
"""No such mailbox or host, moved, or full: nothing else in the answer counts."""

_OF_ACCOUNT = frozenset(
    # bad sender, daily limit of recipients (Exchange Online), server, link, limits, protocol
    [(1, 7), (1, 8), (1, 90), (3, 0), (3, 1), (3, 2), (4, 1), (4, 2), (4, 5), (5, 1), (5, 3)]
)
_SECURITY_OF_ONE_MAILBOX = frozenset({15, 16, 17, 18, 19, *range(120, 200)})
"""Of security and policy (x.7.x), what the owner of one mailbox has chosen; 120 to 199 are Exchange Online's restricted
recipients. All the rest is about us: a server writes 5.7.501 for an account that it has blocked, and 5.7.606 for our address."""

_OPEN = frozenset([(0, 0), (1, 0), (2, 0), (2, 1)])
"""Codes that say nothing. Google writes `450 4.2.1 Peak SMTP relay limit exceeded for this customer` for a limit of ours."""

_WORDS_OF_ACCOUNT = re.compile(
    rb"\b(relay|sending|daily|hourly|sender)\b.{0,40}\b(limit|quota|rate)\b"
    rb"|\bexceeded\b.{0,60}\bper\s+(hour|day|minute)\b"
    rb"|\brelay(ing)?( access| is| was)*( not)? (denied|permitted|allowed|prohibited)\b|\b(not|unable to|cannot) relay\b"
    rb"|\brcpthosts\b|\bauthenticat(e|ed|ion)\b|\bsmtp auth\b|\bblocked using\b|\bblack\s?list(ed)?\b|\bclient host\b",
    re.IGNORECASE | re.DOTALL,
)


def outcome_of(stage: Stage, code: int, reply: bytes) -> Outcome:
    """Return the outcome of a refusal. Its reason holds the codes only, because the words may hold the address."""
    found = _ENHANCED.search(reply)
    enhanced = ".".join(part.decode() for part in found.groups() if part) if found else ""
    reason = f"smtp_{code}_{enhanced}" if enhanced else f"smtp_{code}"
    if stage is Stage.ACCOUNT or _concerns_the_account(code, enhanced, reply):
        return Outcome(Result.TRANSIENT_FAILURE, reason, for_all=True)
    passes = enhanced.startswith("4") if enhanced else 400 <= code < 500  # RFC 3463: the class says whether it may pass
    return Outcome(Result.TRANSIENT_FAILURE if passes else Result.PERMANENT_FAILURE, reason)


def _concerns_the_account(code: int, enhanced: str, reply: bytes) -> bool:
    subject, detail = (int(part) for part in enhanced.split(".")[1:]) if enhanced else (0, 0)
    if (subject, detail) in _OF_RECIPIENT:
        return False
    if code in _ACCOUNT_CODES or (subject, detail) in _OF_ACCOUNT:
        return True
    if subject == 7:
        return detail not in _SECURITY_OF_ONE_MAILBOX
    return (subject, detail) in _OPEN and bool(_WORDS_OF_ACCOUNT.search(reply))
