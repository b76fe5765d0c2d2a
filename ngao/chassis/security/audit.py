"""A hash-chained audit: each entry carries the hash of the one before, so that no past entry can change unseen.

    hash(n) = HMAC-SHA-256 over canonical JSON of {chain, n, previous: hash(n-1), action, subject, actor, at, detail, key}

A service keeps several chains; an entry's chain follows from its subject, so that all acts on one subject are in one order. Head
and entries are written in one transaction. Until then the acts wait in a line of the journal, keyed as well.

The key is in the service's own folder, one per period, and `key` names the period: a writer of the database
cannot compute a chain. Entries of the version before have plain SHA-256 and no `key`. They are taken only if they are
older than `Keys.since`. What a key cannot show is that a chain was cut off behind an earlier head: heads that were
noted elsewhere show it, given to `verify` as `noted`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CHAINS = 8
_FIRST = "0" * 64
_WHAT = ("chain", "n", "previous", "action", "subject", "actor", "at", "detail")


@dataclass(frozen=True)
class Record:
    """Who did what to what: `subject` a reference or keyed hash, `detail` codes and counts, never a person's data."""

    action: str
    subject: str
    actor: str
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """The key of one period."""

    period: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """All keys of a service by period. From `since` on every entry must have one."""

    by_period: Mapping[str, bytes] = field(repr=False)
    since: datetime

    def __contains__(self, period: object) -> bool:
        return period in self.by_period

    def newest(self) -> Key:
        """Return the key of the newest period."""
        period = max(self.by_period)
        return Key(period, self.by_period[period])


@dataclass(frozen=True)
class Head:
    """Where a chain is: the number and the hash of its last entry; `n` is 0 before the first.

    `key` is the period of the last entry's key. It is no part of what two heads are compared by: the hash follows from it.
    """

    chain: int
    n: int
    hash: str
    key: str | None = field(default=None, compare=False)

    @classmethod
    def first(cls, chain: int) -> Head:
        """Return the head of a chain before its first entry."""
        return cls(chain, 0, _FIRST)


@dataclass(frozen=True)
class Verified:
    """Every entry follows from the one before.

    `unkeyed` counts the entries of the version before. `keyed_from` is the number from which on a chain is keyed, for each
    chain that has such entries before it.
    """

    entries: int
    unkeyed: int = 0
    keyed_from: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Broken:
    """The first place where a chain does not hold.

    `reason` is `number`, `previous`, `hash`, `form`, `head`, `key` (not made with a key of this service), `noted` (not what
    was noted elsewhere) or `line` (an act without a chain yet was not made with a key of this service).
    """

    chain: int
    n: int
    reason: str


def chain_of(subject: str) -> int:
    """Return the chain that a subject's entries belong to, from 0 to 7."""
    return hashlib.sha256(subject.encode()).digest()[0] % CHAINS


def extend(head: Head, records: Sequence[Record], key: Key | None) -> tuple[list[dict[str, Any]], Head]:
    """Build the entries that follow a head, ready to be stored, and the new head. Without a key they are as once they were."""
    entries = []
    for record in records:
        entry = _entry(head, record, key)
        entries.append(entry)
        head = head_of(entry)
    return entries, head


def extend_all(
    heads: Mapping[int, Head], records: Iterable[Record], key: Key | None
) -> tuple[list[dict[str, Any]], dict[int, Head]]:
    """Build the entries for records of any subjects; a chain that `heads` does not know begins. Gives the moved heads."""
    by_chain: dict[int, list[Record]] = {}
    for record in records:
        by_chain.setdefault(chain_of(record.subject), []).append(record)
    entries: list[dict[str, Any]] = []
    moved: dict[int, Head] = {}
    for chain, own in by_chain.items():
        made, moved[chain] = extend(heads.get(chain, Head.first(chain)), own, key)
        entries.extend(made)
    return entries, moved


def head_of(entry: Mapping[str, Any]) -> Head:
    """Return the head of a chain that ends with this entry."""
    return Head(entry["chain"], entry["n"], entry["hash"], entry.get("key"))


def verify(
    entries: Iterable[Mapping[str, Any]],
    keys: Keys,
    *,
    end: Mapping[int, Head] | None = None,
    noted: Iterable[Head] = (),
) -> Verified | Broken:
    """Check all stored entries, each chain in ascending order, chains mixed in any way.

    `end` is where the chains should be now: without it, entries cut off at the end cannot be missed. `noted` are heads that
    were noted elsewhere at any time: the chains must pass through them.
    """
    walk = _Walk(keys, noted)
    for entry in entries:
        if fault := walk.step(entry):
            return fault
    return walk.short_of(end or {}) or Verified(walk.count, walk.unkeyed, walk.keyed_from)


class _Walk:
    """Follows the chains entry by entry."""

    def __init__(self, keys: Keys, noted: Iterable[Head]) -> None:
        self.heads: dict[int, Head] = {}
        self.count = self.unkeyed = 0
        self._keys = keys
        self._noted = {(head.chain, head.n, head.hash) for head in noted if head.n}
        self._last_unkeyed: dict[int, int] = {}
        self._must_be_keyed: set[int] = set()

    @property
    def keyed_from(self) -> dict[int, int]:
        """Return where chains that began without a key have one from."""
        return {chain: n + 1 for chain, n in self._last_unkeyed.items() if n < self.heads[chain].n}

    def step(self, entry: Mapping[str, Any]) -> Broken | None:
        """Take one entry more; gives what is wrong with it."""
        chain, n = entry.get("chain"), entry.get("n")
        if type(chain) is not int or type(n) is not int:
            return Broken(-1, -1, "form")
        head = self.heads.get(chain, Head.first(chain))
        if n != head.n + 1:
            return Broken(chain, head.n + 1, "number")
        if entry.get("previous") != head.hash:
            return Broken(chain, n, "previous")
        if reason := _form_trouble(entry) or self.key_trouble(head, entry):
            return Broken(chain, n, reason)
        self._pass(entry)
        return None

    def short_of(self, end: Mapping[int, Head]) -> Broken | None:
        """Return the faults at the end of a chain."""
        for chain in sorted(self.heads.keys() | end.keys()):
            head = self.heads.get(chain, Head.first(chain))
            if end and head != end.get(chain, Head.first(chain)):
                return Broken(chain, head.n, "head")
        return next((Broken(chain, n, "noted") for chain, n, _ in sorted(self._noted)), None)

    def _pass(self, entry: Mapping[str, Any]) -> None:
        head = head_of(entry)
        self.heads[head.chain] = head
        self.count += 1
        self._noted.discard((head.chain, head.n, head.hash))
        if head.key is None:
            self.unkeyed += 1
            self._last_unkeyed[head.chain] = head.n

    def key_trouble(self, head: Head, entry: Mapping[str, Any]) -> str | None:
        """Check that its hash is of the right key. A period never goes back, and from `since` on none is missing."""
        period = entry.get("key")
        if in_milliseconds(entry["at"]) >= self._keys.since:
            self._must_be_keyed.add(head.chain)
        if period is None:
            wrong = head.chain in self._must_be_keyed
            secret = None
        else:
            secret = self._keys.by_period.get(period)
            wrong = secret is None or period < (head.key or "")
        if wrong:
            return "key"
        try:
            expected = keyed_hash(plain(_what(entry)), secret)
        except (TypeError, ValueError):
            return "form"
        return None if hmac.compare_digest(str(entry["hash"]).encode(), expected.encode()) else "hash"


def _form_trouble(entry: Mapping[str, Any]) -> str | None:
    named = entry.keys() - {"key"} == {"_id", "hash", *_WHAT}
    typed = isinstance(entry.get("at"), datetime) and isinstance(entry.get("detail"), Mapping)
    typed = typed and isinstance(entry.get("subject"), str) and isinstance(entry.get("key", ""), str)
    if not (named and typed):
        return "form"
    placed = entry["_id"] == entry_id(entry["chain"], entry["n"]) and entry["chain"] == chain_of(entry["subject"])
    return None if placed else "hash"


def _entry(head: Head, record: Record, key: Key | None) -> dict[str, Any]:
    n = head.n + 1
    what = {
        "chain": head.chain,
        "n": n,
        "previous": head.hash,
        **act_of(record),
        **({"key": key.period} if key else {}),
    }
    return {"_id": entry_id(head.chain, n), **what, "hash": keyed_hash(plain(what), key.secret if key else None)}


def _what(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in {"_id", "hash"}}


def is_sound(entry: Mapping[str, Any], keys: Keys) -> bool:
    """Return True if this service has keyed the entry, or it is one of before there were keys."""
    if type(entry.get("chain")) is not int or type(entry.get("n")) is not int:
        return False
    alone = _Walk(keys, ())
    return (_form_trouble(entry) or alone.key_trouble(Head.first(entry["chain"]), entry)) is None


def entry_id(chain: int, n: int) -> str:
    """Return the id that makes a second entry with the same number impossible, and sorts a chain in order."""
    return f"{chain}:{n:012d}"


def act_of(record: Record) -> dict[str, Any]:
    """Return an act as it is stored."""
    return {**vars(record), "at": in_milliseconds(record.at), "detail": dict(record.detail)}


def plain(act: Mapping[str, Any]) -> dict[str, Any]:
    """Return an act as JSON has it; the time to the millisecond, as MongoDB stores it."""
    return {**act, "at": in_milliseconds(act["at"]).isoformat(timespec="milliseconds")}


def keyed_hash(what: Any, secret: bytes | None) -> str:
    """Return the HMAC-SHA-256, or SHA-256, of sorted, compact, ASCII JSON."""
    content = json.dumps(what, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(secret, content, hashlib.sha256).hexdigest() if secret else hashlib.sha256(content).hexdigest()


def in_milliseconds(at: datetime) -> datetime:
    """Return a moment as MongoDB stores it; one without a zone is taken as UTC."""
    aware = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)
