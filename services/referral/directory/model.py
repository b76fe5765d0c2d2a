"""A partner of the coalition, and the directory of all of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import chain, product
from zoneinfo import ZoneInfo

from ngao.kernel.problems import FieldError
from ngao.kernel.vocabulary import Vocabulary

EVERYWHERE = "*"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Hours:
    """The hours in which a partner answers, in its own time; no `days` means every day.

    Hours that end no later than they begin end on the next day, so 00:00 to 00:00 is the whole day. A shift belongs to the day
    on which it begins.
    """

    opens: time
    closes: time
    days: tuple[str, ...] = ()

    def cover(self, local: datetime) -> bool:
        """Return True if a local moment is in these hours."""
        at, today = local.time(), local.weekday()
        if self.opens < self.closes:
            return self._begin_on(today) and self.opens <= at < self.closes
        return (self._begin_on(today) and at >= self.opens) or (self._begin_on(today - 1) and at < self.closes)

    def _begin_on(self, weekday: int) -> bool:
        return not self.days or _DAYS[weekday] in self.days


@dataclass(frozen=True)
class Partner:
    """The facts about a partner that a match needs. `capacity` is how many referrals it can hold at the same time.

    `key_hashes` are its bearer keys' hashes, the newest last; `vouch` is what operators signed of its keys: the services that
    disclose trust that and not `public_key` and `signing_key`, which are here to be shown.
    A suspended partner gets no offers and still reads its events; a revoked one has no access.
    """

    id: str
    name: str
    support_types: tuple[str, ...]
    counties: tuple[str, ...]
    languages: tuple[str, ...] = ()
    capacity: int = 0
    public_key: str = ""
    signing_key: str = ""
    vouch: str = ""
    vetted: bool = False
    suspended: bool = False
    revoked: bool = False
    hours: tuple[Hours, ...] = ()
    timezone: str = "UTC"
    key_hashes: tuple[str, ...] = field(default=(), repr=False)
    revision: int = 0

    @property
    def national(self) -> bool:
        """Return True if it works in every county."""
        return EVERYWHERE in self.counties

    @property
    def trusted(self) -> bool:
        """Return True if it may hold an open offer and accept it."""
        return self.vetted and not self.suspended and not self.revoked and bool(self.public_key)

    def covers(self, county: str) -> bool:
        """Return True if it works in a county."""
        return self.national or county in self.counties

    def is_there(self, now: datetime) -> bool:
        """Return True if a person answers now; without hours, always."""
        if not self.hours:
            return True
        local = now.astimezone(ZoneInfo(self.timezone))
        return any(hours.cover(local) for hours in self.hours)


class Directory:
    """All partners, indexed by what they do and where, so that a match looks at few of many.

    A match examines partners in the order local and of a common language, local, national and of a common language,
    national. Within each group it begins at a partner drawn from its seed, so that equal partners take turns.
    """

    def __init__(self, partners: Iterable[Partner], version: int = 0) -> None:
        self.version = version
        self._by_id: dict[str, Partner] = {}
        self._groups: defaultdict[tuple[str, str, str], list[Partner]] = defaultdict(list)
        for partner in sorted(partners, key=lambda each: each.id):
            self._by_id[partner.id] = partner
            for key in _keys(partner):
                self._groups[key].append(partner)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, partner_id: str) -> Partner | None:
        """Return one partner, or None."""
        return self._by_id.get(partner_id)

    def distrusted(self) -> list[str]:
        """Return partners that must hold no open offer."""
        return [partner.id for partner in self._by_id.values() if not partner.trusted]

    def revoked(self) -> list[str]:
        """Return partners that are revoked."""
        return [partner.id for partner in self._by_id.values() if partner.revoked]

    def for_need(self, need: str, county: str, languages: Iterable[str], seed: str) -> Iterator[Partner]:
        """Return partners that do it there, the likeliest first, each once."""
        spoken = tuple(languages)
        groups = [(need, place, language) for place in (county, EVERYWHERE) for language in (*spoken, "")]
        seen: set[str] = set()
        for partner in chain.from_iterable(self._from(key, seed) for key in groups):
            if partner.id not in seen:
                seen.add(partner.id)
                yield partner

    def _from(self, key: tuple[str, str, str], seed: str) -> Iterator[Partner]:
        group = self._groups.get(key, [])
        start = draw(seed) % len(group) if group else 0
        return chain(group[start:], group[:start]) if start else iter(group)


def unknown_codes(partner: Partner, known: Partner | None, vocabulary: Vocabulary) -> list[FieldError]:
    """Return errors for a partner's codes that are in no list of the coalition, but for those that it was saved with."""
    places = {EVERYWHERE, *vocabulary.counties}
    lists = {"support_types": vocabulary.supports, "counties": places, "languages": vocabulary.languages}
    return [
        FieldError(f"/{name}/{at}", "unknown_code", f"Must be one of: {', '.join(sorted(listed))}.")
        for name, listed in lists.items()
        for at, code in enumerate(getattr(partner, name))
        if code not in listed and code not in (getattr(known, name) if known else ())
    ]


def draw(seed: str) -> int:
    """Return a number derived from a seed: the same everywhere and always, and evenly spread over many seeds."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")


def _keys(partner: Partner) -> Iterator[tuple[str, str, str]]:
    places = (EVERYWHERE,) if partner.national else partner.counties
    return product(partner.support_types, places, (*partner.languages, ""))
