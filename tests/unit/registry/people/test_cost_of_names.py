"""What it costs to find out who a person is has a bound, whatever names a report gives: counted in words compared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from rapidfuzz.distance import JaroWinkler

from services.registry.people import resolve as resolving
from services.registry.people import similarity as comparing
from services.registry.people.identity import MOST_NAMES, Identity
from services.registry.people.names import MOST_PAIRS, MOST_WORDS, closest, name_keys
from services.registry.people.resolution import Kind, KnownPerson, resolve
from services.registry.people.similarity import similarity
from tests.support.registry import POLICY, Register

LETTERS = "bcdfghjklmnpqrstvwxz"
PAIRS_OF_LETTERS = ["".join(each) for each in product(LETTERS, repeat=2)]


def long_names(count: int, seed: int) -> tuple[str, ...]:
    """Names of 200 signs, each of 66 words of two letters."""
    chosen = random.Random(seed)  # noqa: S311  # no secret
    return tuple(" ".join(chosen.sample(PAIRS_OF_LETTERS, 66)) for _ in range(count))


class Counted:
    """The library's comparison of two words, counted."""

    def __init__(self) -> None:
        self.words = 0

    def normalized_similarity(self, one: str, other: str) -> float:
        self.words += 1
        return JaroWinkler.normalized_similarity(one, other)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    made = Counted()
    with monkeypatch.context() as patched:
        patched.setattr(comparing, "JaroWinkler", made)
        yield made


def test_two_people_are_compared_by_a_bounded_number_of_words(counted: Counted) -> None:
    closest(long_names(10, 1), long_names(10, 2), similarity)
    assert counted.words <= MOST_PAIRS * MOST_WORDS**2


def test_names_that_come_again_with_each_namesake_are_compared_once(counted: Counted) -> None:
    """Of everybody who shares an address it is asked how alike the names are, and of each word whether it is another."""
    known = [KnownPerson(f"D{n}", Identity(long_names(10, 2)), frozenset({"phone"})) for n in range(5)]
    resolve(Identity(long_names(10, 1)), known, POLICY.matching, similarity)
    assert counted.words <= 2 * MOST_PAIRS * MOST_WORDS**2


def test_a_report_is_compared_with_a_bounded_number_of_people(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "MOST_COMPARED", 3)
    register = Register()
    for n in range(6):
        register.report(f"NG-{n}", {"names": [f"{first} {first}a" for first in long_names(1, n)], "phones": ["+254700000001"]})
    counted.words = 0
    register.report("NG-last", {"names": list(long_names(10, 99)), "phones": ["+254700000001"]})
    assert counted.words <= 3 * MOST_PAIRS * MOST_WORDS**2


def test_of_too_many_people_those_who_share_an_address_and_a_name_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that a whole shelter uses: its last guest is still recognised."""
    monkeypatch.setattr(resolving, "MOST_COMPARED", 2)
    register = Register()
    for n, name in enumerate(("Grace Chebet", "Amina Hassan", "Joseph Kariuki", "Mary Wanjiku")):
        register.report(f"NG-{n}", {"names": [name], "phones": ["+254700000001"]})
    before = register.cases.kept["NG-3"].defender_ref
    register.report("NG-again", {"names": ["Mary Wanjiku"], "phones": ["+254700000001"]})
    again: Any = register.cases.kept["NG-again"]
    assert (again.resolution, again.defender_ref) == (Kind.EXISTING, before)


def test_a_name_has_a_bounded_number_of_keys() -> None:
    assert len(name_keys(long_names(1, 3), POLICY.matching)) <= MOST_WORDS * (MOST_WORDS - 1) // 2


def test_among_too_many_names_the_one_that_both_gave_is_found() -> None:
    ours, theirs = [*long_names(9, 4), "Mary Wanjiku"], [*long_names(15, 5), "Wanjiku Mary"]
    assert closest(ours, theirs, similarity) == 1.0


def test_a_record_keeps_a_bounded_number_of_names_the_oldest() -> None:
    identity = Identity(("Mary Wanjiku",))
    for seed in range(10):
        identity = identity.merged_with(Identity(long_names(10, seed)))
    assert len(identity.names) == MOST_NAMES
    assert identity.names[0] == "Mary Wanjiku"
