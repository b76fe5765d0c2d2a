"""Compare names: order, accents, case and common respellings do not make another person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_MOST_JOINED = 4
"""In a name of so many words or fewer, two may be one word that was written apart: Mary Anne is Maryanne."""
_ENOUGH_WORDS, _LONG = 2, 5
_VOWELS = re.compile(r"[aeiou]+")
_PREFIX = re.compile(r"\b[A-Za-z]['\u2019\u02bc`](?=[A-Za-z]{2})")
"""As in M'Ikiara, who may also be written Ikiara."""
_MOST_SIGNS = 200
_DOUBLED = re.compile(r"(.)\1+")


def tokens(name: str) -> tuple[str, ...]:
    """Return the words by which a name is compared: its initials only where it has no other words."""
    found = words(name)
    return (tuple(word for word in found if len(word) > 1) or found)[:MOST_WORDS]


def skeleton(token: str, same_sounds: Mapping[str, str]) -> str:
    """Return a word without variants of spelling: like sounds unified, doubles made single, vowels kept only in front."""
    return _bones(_sounded(token, same_sounds), "aeiou")


def name_keys(names: Iterable[str], rules: MatchingRules) -> frozenset[str]:
    """Return keys under which a similar name can be found again: every pair of a name's skeletons, in no order.

    Pairs and not single words, because how often a word occurs would reveal, even hashed, which common name it is; and
    because one shared word makes no probable match.
    """
    keys: set[str] = set()
    for name in names:
        for written in _written(name, rules):
            bones = sorted({_near(word, rules) for word in written if not _is_initial(word)})
            keys.update(f"{first} {second}" for first, second in combinations(bones, 2))
    return frozenset(keys)


def _written(name: str, rules: MatchingRules) -> Iterator[tuple[str, ...]]:
    """Return the words of a name; without a prefix of one letter; and, of a short one, each way in which two may be one."""
    whole = words(name)[:MOST_WORDS]
    yield _own(whole, rules)
    if (bare := _PREFIX.sub("", name[:_MOST_SIGNS])) != name:
        yield _own(words(bare)[:MOST_WORDS], rules)
    if _ENOUGH_WORDS < len(whole) <= _MOST_JOINED:
        for at in range(1, len(whole)):
            yield _own((*whole[: at - 1], whole[at - 1] + whole[at], *whole[at + 1 :]), rules)


def _own(whole: tuple[str, ...], rules: MatchingRules) -> tuple[str, ...]:
    """Leave out titles before the name and particles in it, unless nothing else is left."""
    start = next((at for at, word in enumerate(whole) if word not in rules.titles), 0)
    return tuple(word for word in whole[start:] if word not in rules.particles) or whole


def _near(word: str, rules: MatchingRules) -> str:
    """Return what a word has in common with others that may be the same name, in another form or spelled by its sound."""
    word = rules.given_names.get(word, word)
    return _bones(_sounded(word, rules.all_sounds), "aeiouwh")


def _bones(word: str, left_out: str) -> str:
    return word[:1] + "".join(char for char in word[1:] if char not in left_out)


def _sounded(token: str, same_sounds: Mapping[str, str]) -> str:
    token = _DOUBLED.sub(r"\1", token)
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


def is_near(mine: Sequence[str], theirs: Sequence[str], rules: MatchingRules) -> bool:
    """Return True if two names may be one in other forms: each word of the shorter one, two at least, has one in the other.

    It only decides whether a human is asked. A name beside a word of kinship is another person's.
    """
    return any(
        _may_be_one(one, other, rules)
        for first, second in _likeliest(mine, theirs)
        if not _differ_by_kin(first, second, rules)
        for one, other in _writings(first, second, rules)
    )


def _writings(one: str, other: str, rules: MatchingRules) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return two names as they may be written, one of them as it is: two joined words would hide which of them differs."""
    mine, theirs = [*_written(one, rules)], [*_written(other, rules)]
    yield from ((mine[0], each) for each in theirs)
    yield from ((each, theirs[0]) for each in mine[1:])


def _may_be_one(one: tuple[str, ...], other: tuple[str, ...], rules: MatchingRules) -> bool:
    few, more = sorted((one, other), key=len)
    if len(few) < _ENOUGH_WORDS or all(_is_initial(word) for word in few):
        return False
    pairs = _pairs([*few], [*more], lambda word, each: _is_form(word, each, rules) or _abbreviates(word, each))
    return len(pairs) == len(few)


def _is_form(one: str, other: str, rules: MatchingRules) -> bool:
    if one == other or other in rules.other_names.get(one, ()):
        return one == other
    if not all(word.isalpha() and not _is_initial(word) for word in (one, other)):
        return False
    return _near(one, rules) == _near(other, rules) or _has_turned_letters(one, other)


def _has_turned_letters(one: str, other: str) -> bool:
    """Return True if a longer word differs by the order of its letters only: a slip of the hand."""
    return len(one) >= _LONG and one[0] == other[0] and sorted(one) == sorted(other)


def _differ_by_kin(one: str, other: str, rules: MatchingRules) -> bool:
    return not rules.kin_words.isdisjoint({*words(one)} ^ {*words(other)})


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


def may_be_namesakes(mine: Sequence[str], theirs: Sequence[str], rules: MatchingRules) -> bool:
    """Return True if names without a given name are each other's reverse only: a child has its grandparent's, turned round.

    Without a list of given names nothing is known about that.
    """
    ours = {words(name) for name in mine}
    turned = {words(name)[::-1] for name in theirs}
    if not rules.given_names or not ours or ours & {each[::-1] for each in turned}:
        return False
    return ours <= turned and not any(word in rules.given_names for name in ours for word in name)


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
    if other in rules.other_names.get(one, ()):
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
