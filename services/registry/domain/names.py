"""Names as they are compared: order, accents, case and common respellings do not make another person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import combinations, product

from ngao.kernel.names import words

Similarity = Callable[[str, str], float]

MOST_WORDS = 8
"""By so many words of a name it is compared, the first: what more costs grows with its square, and no name needs it."""
MOST_PAIRS = 25
"""So many pairs of names are compared for two people."""
_DOUBLED = re.compile(r"(.)\1+")


def tokens(name: str) -> tuple[str, ...]:
    """The words by which a name is compared: its initials count only where it has nothing else."""
    found = words(name)
    return (tuple(word for word in found if len(word) > 1) or found)[:MOST_WORDS]


def skeleton(token: str, same_sounds: Mapping[str, str]) -> str:
    """What stays of a word when spellings vary: like sounds made one, doubles made single, vowels kept only in front."""
    for spelling in sorted(same_sounds, key=len, reverse=True):
        token = token.replace(spelling, same_sounds[spelling])
    token = _DOUBLED.sub(r"\1", token)
    return token[:1] + "".join(char for char in token[1:] if char not in "aeiou")


def name_keys(names: Iterable[str], same_sounds: Mapping[str, str]) -> frozenset[str]:
    """Keys under which a similar name can be found again: every pair of a name's skeletons, in no order.

    Pairs and not single words, because how often a word occurs would tell, even hashed, which common name it is; and
    because one shared word makes nobody a probable match.
    """
    keys: set[str] = set()
    for name in names:
        bones = sorted({skeleton(token, same_sounds) for token in tokens(name) if not _is_initial(token)})
        keys.update(f"{first} {second}" for first, second in combinations(bones, 2))
    return frozenset(keys)


def _is_initial(token: str) -> bool:
    return len(token) == 1 and token.isascii()


def closest(mine: Sequence[str], theirs: Sequence[str], similarity: Similarity) -> float | None:
    """How alike the two most alike names are, 0 to 1; None when one side gave no name."""
    return max((similarity(one, other) for one, other in _likeliest(mine, theirs)), default=None)


def _likeliest(mine: Sequence[str], theirs: Sequence[str]) -> Iterable[tuple[str, str]]:
    """All pairs of names, or of too many those that have most words in common."""
    if len(mine) * len(theirs) <= MOST_PAIRS:
        return product(mine, theirs)
    found = {name: frozenset(tokens(name)) for name in (*mine, *theirs)}
    return nlargest(MOST_PAIRS, product(mine, theirs), key=lambda pair: len(found[pair[0]] & found[pair[1]]))
