"""The acts of one unit of work that are on record and not in their chains yet: a line of the journal, with a keyed hash."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from ngao.chassis.security.audit import Key, Keys, Record, act_of, keyed_hash, plain


def keyed_acts(line_id: str, records: Sequence[Record], key: Key) -> dict[str, Any]:
    """Return the part of a line. Its hash covers the line's id as well, so that it cannot be put in again under another."""
    acts = [act_of(record) for record in records]
    return {"audit": acts, "key": key.period, "mac": _mac(line_id, acts, key.secret)}


def records_of(line: Mapping[str, Any]) -> list[Record]:
    """Return the acts of a line."""
    return [Record(**each) for each in line["audit"]]


def is_sound(line: Mapping[str, Any], keys: Keys) -> bool:
    """Return True if this service has keyed the line as it is."""
    secret = keys.by_period.get(str(line.get("key")))
    if secret is None or line.get("to_move") != line["_id"]:
        return False
    try:
        expected = _mac(line["_id"], line["audit"], secret)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return hmac.compare_digest(str(line.get("mac")).encode(), expected.encode())


def _mac(line_id: str, acts: Sequence[Mapping[str, Any]], secret: bytes) -> str:
    return keyed_hash([line_id, [plain(each) for each in acts]], secret)  # a list, where an entry of a chain is an object
