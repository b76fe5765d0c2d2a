"""Phones by `phonenumbers`, similarity of names by `rapidfuzz`, references from the system's random source."""

from __future__ import annotations

import secrets

import phonenumbers
from rapidfuzz.distance import JaroWinkler

from services.registry.domain.names import tokens
from services.registry.domain.references import ALPHABET


class LibraryReading:
    """Makes values comparable; `region` (ISO 3166-1) is assumed for phones without a country code."""

    def __init__(self, region: str) -> None:
        self._region = region

    def phone(self, raw: str) -> str:
        """E.164 where it is a possible number, else as it came, spaces put in order: a wrong number is still told."""
        plain = " ".join(raw.split())
        for spelling in (plain, f"+{plain[2:]}" if plain.startswith("00") else ""):
            read = self._read(spelling)
            if read:
                return read
        return plain

    def similarity(self, one: str, other: str) -> float:
        """The mean likeness of the shorter name's words, each to its own best partner in the longer name.

        So neither order nor a left-out middle name matters (Jaro-Winkler on words, 0 to 1).
        """
        short, long = sorted((tokens(one), tokens(other)), key=len)
        if not short:
            return 0.0
        pairs = [
            (JaroWinkler.normalized_similarity(mine, theirs), at, to)
            for at, mine in enumerate(short)
            for to, theirs in enumerate(long)
        ]
        return _best_sum(sorted(pairs, reverse=True)) / len(short)

    def new_reference(self) -> str:
        """`DEF-` and 10 Crockford base32 characters, 50 random bits."""
        return "DEF-" + "".join(secrets.choice(ALPHABET) for _ in range(10))

    def _read(self, raw: str) -> str | None:
        try:
            number = phonenumbers.parse(raw, self._region)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_possible_number(number):
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _best_sum(pairs: list[tuple[float, int, int]]) -> float:
    """Take the best pair, then the best that uses neither of its words, and so on."""
    used_here: set[int] = set()
    used_there: set[int] = set()
    total = 0.0
    for score, here, there in pairs:
        if here not in used_here and there not in used_there:
            used_here.add(here)
            used_there.add(there)
            total += score
    return total
