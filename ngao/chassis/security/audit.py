"""A hash-chained audit: each entry carries the hash of the one before, so that no past entry can change unseen.

    hash(n) = SHA-256 over canonical JSON of {chain, n, previous: hash(n-1), action, subject, actor, at, detail}

A service keeps several chains, so that its commits do not all wait for one head; an entry's chain follows from its
subject, so that what was done about one subject stands in one order. Head and entries are written in one transaction.

A chain proves itself against change, deletion, insertion, reordering and forks. Whoever may write to the database
could still compute a whole new chain: noting heads elsewhere and giving them to `verify` as `start` closes that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CHAINS = 8
_FIRST = "0" * 64
_SAID = ("chain", "n", "previous", "action", "subject", "actor", "at", "detail")


@dataclass(frozen=True)
class Record:
    """Who did what to what: `subject` a reference or keyed hash, `detail` codes and counts, never a person's data."""

    action: str
    subject: str
    actor: str
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """Where a chain stands: the number and the hash of its last entry; `n` is 0 before the first."""

    chain: int
    n: int
    hash: str

    @classmethod
    def first(cls, chain: int) -> Head:
        """Where a chain stands before its first entry."""
        return cls(chain, 0, _FIRST)


@dataclass(frozen=True)
class Verified:
    """Every entry follows from the one before; `heads` is where the chains stand, worth noting elsewhere."""

    entries: int
    heads: Mapping[int, Head]


@dataclass(frozen=True)
class Broken:
    """The first place where a chain does not hold. `reason`: `number`, `previous`, `hash`, `form` or `head`."""

    chain: int
    n: int
    reason: str


def chain_of(subject: str) -> int:
    """The chain that a subject's entries belong to, from 0 to 7."""
    return hashlib.sha256(subject.encode()).digest()[0] % CHAINS


def extend(head: Head, records: Sequence[Record]) -> tuple[list[dict[str, Any]], Head]:
    """Build the entries that follow a head, ready to be stored, and the new head."""
    entries = []
    for record in records:
        entry = _entry(head, record)
        entries.append(entry)
        head = Head(head.chain, entry["n"], entry["hash"])
    return entries, head


def extend_all(heads: Mapping[int, Head], records: Iterable[Record]) -> tuple[list[dict[str, Any]], dict[int, Head]]:
    """Build the entries for records of any subjects; a chain that `heads` does not know begins. Gives the moved heads."""
    by_chain: dict[int, list[Record]] = {}
    for record in records:
        by_chain.setdefault(chain_of(record.subject), []).append(record)
    entries: list[dict[str, Any]] = []
    moved: dict[int, Head] = {}
    for chain, own in by_chain.items():
        made, moved[chain] = extend(heads.get(chain, Head.first(chain)), own)
        entries.extend(made)
    return entries, moved


def verify(
    entries: Iterable[Mapping[str, Any]], *, start: Mapping[int, Head] | None = None, end: Mapping[int, Head] | None = None
) -> Verified | Broken:
    """Check stored entries, each chain in ascending order, chains mixed in any way.

    `start` is where each chain stood before these entries (an earlier noted head, or the beginning); `end` is where the
    chains should stand now: without it, entries cut off at the end cannot be missed.
    """
    heads = dict(start or {})
    count = 0
    for entry in entries:
        fault = _fault(entry, heads)
        if fault:
            return fault
        heads[entry["chain"]] = Head(entry["chain"], entry["n"], entry["hash"])
        count += 1
    return _short_of(heads, end or {}) or Verified(count, heads)


def _entry(head: Head, record: Record) -> dict[str, Any]:
    n = head.n + 1
    said = {
        "chain": head.chain,
        "n": n,
        "previous": head.hash,
        "action": record.action,
        "subject": record.subject,
        "actor": record.actor,
        "at": _in_milliseconds(record.at),
        "detail": dict(record.detail),
    }
    return {"_id": _id(head.chain, n), **said, "hash": _hash(said)}


def _fault(entry: Mapping[str, Any], heads: Mapping[int, Head]) -> Broken | None:
    chain, n = entry.get("chain"), entry.get("n")
    if type(chain) is not int or type(n) is not int:
        return Broken(-1, -1, "form")
    head = heads.get(chain, Head.first(chain))
    if n != head.n + 1:
        return Broken(chain, head.n + 1, "number")
    if entry.get("previous") != head.hash:
        return Broken(chain, n, "previous")
    try:
        expected = _hash({name: entry[name] for name in _SAID})
    except (KeyError, TypeError, AttributeError, ValueError):
        return Broken(chain, n, "form")
    sound = entry.get("hash") == expected and entry.get("_id") == _id(chain, n) and chain == chain_of(entry["subject"])
    return None if sound and entry.keys() == {"_id", "hash", *_SAID} else Broken(chain, n, "hash")


def _short_of(heads: Mapping[int, Head], end: Mapping[int, Head]) -> Broken | None:
    for chain in sorted(heads.keys() | end.keys()):
        stands = heads.get(chain, Head.first(chain))
        if end and stands != end.get(chain, Head.first(chain)):
            return Broken(chain, stands.n, "head")
    return None


def _id(chain: int, n: int) -> str:
    """Makes a second entry with the same number impossible, and sorts a chain in order."""
    return f"{chain}:{n:012d}"


def _hash(said: Mapping[str, Any]) -> str:
    """SHA-256 over sorted, compact, ASCII JSON; the time to the millisecond, which is what MongoDB keeps."""
    plain = {**said, "at": _in_milliseconds(said["at"]).isoformat(timespec="milliseconds")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _in_milliseconds(at: datetime) -> datetime:
    aware = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)
