"""How well people are recognised, measured on labelled pairs: the bars that the report promises."""

from __future__ import annotations

import pytest

from ngao.testing.processes import ROOT
from services.registry.people.resolution import Kind
from tools.generating.matching import Trial, measure, precision, recall


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return list(measure(ROOT))


def test_the_set_has_four_hundred_pairs_of_both_answers_half_of_them_held_out(trials: list[Trial]) -> None:
    pairs = {(each.part, each.kind, each.is_same, each.pair) for each in trials}
    assert len(pairs) >= 400
    for part in ("tuned", "held_out"):
        for answer in (True, False):
            assert sum(each[0] == part and each[2] is answer for each in pairs) >= 60, (part, answer)


@pytest.mark.parametrize("part", ["tuned", "held_out"])
def test_automatic_links_are_right_and_one_person_is_recognised(trials: list[Trial], part: str) -> None:
    own = [each for each in trials if each.part == part]
    assert sum(each.found is Kind.EXISTING for each in own) >= 60, "enough links to say anything about them"
    assert precision(own) >= 0.99
    assert recall(own) >= 0.95


def test_most_strangers_with_similar_names_alone_are_not_put_before_a_human(trials: list[Trial]) -> None:
    alone = [each for each in trials if not each.is_same and not each.shares_phone]
    assert sum(each.is_asked for each in alone) / len(alone) <= 0.1
