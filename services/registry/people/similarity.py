"""Compare names with `rapidfuzz`."""

from __future__ import annotations

from rapidfuzz.distance import JaroWinkler

from services.registry.people.names import tokens


def similarity(one: str, other: str) -> float:
    """Compare two names: the mean likeness of the shorter name's words, each to its own best partner in the longer name.

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
