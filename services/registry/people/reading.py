"""Phones by `phonenumbers`, similarity of names by `rapidfuzz`, references from the system's random source."""

from __future__ import annotations

from rapidfuzz.distance import JaroWinkler

from ngao.kernel.phones import readings
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.references import defender_ref
from ngao.kernel.text import clean
from services.registry.people.names import tokens


class LibraryReading:
    """Makes values comparable; `region` (ISO 3166-1) is assumed for phones without a country code."""

    def __init__(self, region: str, placeholders: Placeholders = Placeholders()) -> None:  # noqa: B008 - it is frozen
        self._region = region
        self._placeholders = placeholders

    def names(self, told: tuple[str, ...]) -> tuple[str, ...]:
        """The names that are somebody's, without control signs; a placeholder names no one."""
        return self._placeholders.real_names(tuple(" ".join(clean(name).split()) for name in told))

    def phones(self, raw: str) -> tuple[str, ...]:
        """Each number that the text holds; what is no possible number stays as it came, because a helper may still read it."""
        return readings([raw], self._region)

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
        return defender_ref()


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
