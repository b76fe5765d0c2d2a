"""What is sought in an audit trail, and how much of an entry a search shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_CODE = re.compile(r"[A-Za-z0-9_.:,+/*-]{0,200}")
_REASON = re.compile(r"[a-z][a-z_]{1,60}")
"""A reason is a code of policy, or a sentence that a person has typed."""


@dataclass(frozen=True)
class Sought:
    """Which entries are sought: each text is compared whole, an empty one is any; `until` is no longer within the period."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def codes_of(detail: Mapping[str, str]) -> dict[str, str]:
    """Return the codes, counts, references and times of an entry's detail, without what a person has typed in words."""
    return {name: value for name, value in detail.items() if (_REASON if name == "reason" else _CODE).fullmatch(str(value))}
