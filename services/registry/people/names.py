"""Compare names: order, accents, case and common respellings do not make another person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from heapq import nlargest
from itertools import combinations, product

from ngao.kernel.names import words
from services.registry.rules import MatchingRules

Similarity = Callable[[str, str], float]

MOST_WORDS = 8
"""By so many words of a name it is compared, the first: what more costs grows with its square, and no name needs it."""
MOST_PAIRS = 25
"""So many pairs of names are compared for two people."""
_ENOUGH_WORDS = 2
_VOWELS = re.compile(r"[aeiou]+")
_DOUBLED = re.compile(r"(.)\1+")


def tokens(name: str) -> tuple[str, ...]:
    """Return the words by which a name is compared: its initials only where it has no other words."""
    found = words(name)
    return (tuple(word for word in found if len(word) > 1) or found)[:MOST_WORDS]


def skeleton(token: str, same_sounds: Mapping[str, str]) -> str:
    """Return a word without variants of spelling: like sounds unified, doubles made single, vowels kept only in front."""
    token = _sounded(token, same_sounds)
    return token[:1] + "".join(char for char in token[1:] if char not in "aeiou")


def name_keys(names: Iterable[str], same_sounds: Mapping[str, str]) -> frozenset[str]:
    """Return keys under which a similar name can be found again: every pair of a name's skeletons, in no order.

    Pairs and not single words, because how often a word occurs would reveal, even hashed, which common name it is; and
    because one shared word makes no probable match.
    """
    keys: set[str] = set()
    for name in names:
        bones = sorted({skeleton(token, same_sounds) for token in tokens(name) if not _is_initial(token)})
        keys.update(f"{first} {second}" for first, second in combinations(bones, 2))
    return frozenset(keys)


def _sounded(token: str, same_sounds: Mapping[str, str]) -> str:
    for spelling in sorted(same_sounds, key=len, reverse=True):
        token = token.replace(spelling, same_sounds[spelling])
    return _DOUBLED.sub(r"\1", token)


def _is_initial(token: str) -> bool:
    return len(token) == 1 and token.isascii()


def closest(mine: Sequence[str], theirs: Sequence[str], similarity: Similarity) -> float | None:
    """Return the similarity of the two most alike names, 0 to 1, or None when one side gave no name."""
    return max((similarity(one, other) for one, other in _likeliest(mine, theirs)), default=None)


def _likeliest(mine: Sequence[str], theirs: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Return all pairs of names, or of too many those that have most words in common."""
    if len(mine) * len(theirs) <= MOST_PAIRS:
        return product(mine, theirs)
    found = {name: frozenset(tokens(name)) for name in (*mine, *theirs)}
    return nlargest(MOST_PAIRS, product(mine, theirs), key=lambda pair: len(found[pair[0]] & found[pair[1]]))


class Likeness(IntEnum):
    """The three verdicts on whether two names can be one person's: no; too little is known; yes."""

    OTHER = 0
    PARTLY = 1
    SAME = 2


def likest(mine: Sequence[str], theirs: Sequence[str], rules: MatchingRules, similarity: Similarity) -> Likeness | None:
    """Compare the two most alike names. Returns None when one side gave no name."""
    found = (_compare(one, other, rules, similarity) for one, other in _likeliest(mine, theirs))
    return max(found, default=None)


def _compare(one: str, other: str, rules: MatchingRules, similarity: Similarity) -> Likeness:
    """Decide by the least alike words, because relatives share the others. One shared word of a longer name is too little."""
    mine, theirs = Counter(words(one)[:MOST_WORDS]), Counter(words(other)[:MOST_WORDS])
    shared = mine & theirs
    few, more = sorted(([*(mine - shared).elements()], [*(theirs - shared).elements()]), key=len)
    if not mine or not theirs or not rules.kin_words.isdisjoint((*few, *more)):
        return Likeness.OTHER
    pairs = _pairs(few, more, lambda word, each: _respelt(word, each, rules, similarity) or _abbreviates(word, each))
    if len(pairs) < len(few):
        return Likeness.OTHER
    abbreviated = sum(_abbreviates(*pair) for pair in pairs)
    whole = sum(not _is_initial(word) for word in shared.elements()) + len(pairs) - abbreviated
    is_complete = len(few) == len(more) and not abbreviated
    return Likeness.SAME if is_complete or whole >= _ENOUGH_WORDS else Likeness.PARTLY


def _pairs(few: list[str], more: list[str], is_one: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    """Pair each of the few words with one of the others that may be the same, long words first, none used twice."""
    left, found = list(more), []
    for word in sorted(few, key=len, reverse=True):
        match = next((other for other in left if is_one(word, other)), None)
        if match is not None:
            left.remove(match)
            found.append((word, match))
    return found


def _respelt(one: str, other: str, rules: MatchingRules, similarity: Similarity) -> bool:
    """Return True if two words are one name in two spellings. Syllables matter: Martin is not Martina, nor Francis Frances."""
    if not (one.isalpha() and other.isalpha()) or similarity(one, other) < rules.same_word_from:
        return False
    sounds = rules.same_sounds
    return skeleton(one, sounds) == skeleton(other, sounds) and _same_syllables(_sounded(one, sounds), _sounded(other, sounds))


def _same_syllables(one: str, other: str) -> bool:
    """Return True if each syllable has the same vowels but for some that one spelling leaves out (Achieng and Acheng)."""
    mine, theirs = ([set(run) for run in _VOWELS.findall(word)] for word in (one, other))
    return len(mine) == len(theirs) and all(a <= b or b <= a for a, b in zip(mine, theirs, strict=True))


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return _is_initial(short) and long.startswith(short)
