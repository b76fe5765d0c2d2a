"""What a process remembers of what it wrote."""

from __future__ import annotations

from ngao.chassis.storage.remembered import Remembered


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_kept_is_remembered_until_it_is_forgotten() -> None:
    last: Remembered[str, int] = Remembered(10)
    last.keep({"a": 1, "b": 2})
    assert last.among(["a", "c"]) == {"a": 1}
    last.forget()
    assert last.among(["a"]) == {}


def test_the_longest_unused_is_dropped_first() -> None:
    last: Remembered[str, int] = Remembered(2)
    last.keep({"a": 1, "b": 2})
    last.keep({"a": 3})
    last.keep({"c": 4})
    assert last.among(["a", "b", "c"]) == {"a": 3, "c": 4}


def test_after_somebody_else_wrote_nothing_is_remembered_for_a_minute() -> None:
    ticks = Ticks()
    last: Remembered[str, int] = Remembered(2, ticks)
    last.keep({"a": 1})
    last.distrust()
    last.keep({"a": 2})
    assert last.among(["a"]) == {}
    ticks.now = 61
    last.keep({"a": 3})
    assert last.among(["a"]) == {"a": 3}
