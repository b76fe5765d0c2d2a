"""A form that is kept for a quarter of an hour, closed with a key that only the browser has, and what was in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.console.values import CASE

KEPT_FOR = timedelta(minutes=15)
MOST = 10
"""For one account. One more replaces the oldest."""
_NOT_KEPT = frozenset({"csrf_token", "_kept"})
_CASE = re.compile(rf"^/c/({CASE})(?:/|$)")


@dataclass
class KeptForm:
    """One kept form. `whose` is the keyed hash of the account's id. `body` is ciphertext that this service cannot open alone."""

    id: str
    whose: str
    body: bytes
    expires_at: datetime
    revision: int = 0


@dataclass(frozen=True)
class Written:
    """What a person wrote: where the form leads, its fields, and the page that it was on if it was not sent."""

    action: str
    fields: tuple[tuple[str, str], ...]
    page: str = ""

    @property
    def is_draft(self) -> bool:
        """Return True if the person was still typing."""
        return bool(self.page)

    @property
    def case_ref(self) -> str:
        """The case that it is about, or nothing."""
        found = _CASE.match(self.action)
        return found[1] if found else ""

    def as_bytes(self) -> bytes:
        """Return it as it is closed; the same form gives the same bytes."""
        return json.dumps([self.action, self.fields, self.page], ensure_ascii=False, separators=(",", ":")).encode()


def written(action: str, fields: Any, page: str = "") -> Written:
    """Return what was written, without the token of the form. Raises TypeError or ValueError for anything but pairs of texts."""
    pairs = tuple((name, value) for name, value in fields if name not in _NOT_KEPT)
    if not all(isinstance(each, str) for pair in pairs for each in pair):
        raise TypeError("A field of a form is a name and a text.")
    return Written(action, pairs, page)


def read_written(given: bytes) -> Written:
    """Return what `as_bytes` was made of."""
    action, fields, page = json.loads(given)
    return Written(action, tuple((name, value) for name, value in fields), page)


def is_words(value: str) -> bool:
    """Return True if a value is to be shown: words that a person typed, and neither a code nor what a page has sealed."""
    return re.search(r"\s", value) is not None
