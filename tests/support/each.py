"""Many small cases in one test: all of them are tried, and every one that fails is named."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

_SHOWN = 12
"""Lines of a failure that are shown: the sentence and the difference, not a whole document."""


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any], *, ids: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test on each case, as `pytest.mark.parametrize` would, but as one test that lists what fails.

    For cases that are cheap and share nothing: fixtures are those of the one test. No case at all is a failure.
    """
    wanted = tuple(each.strip() for each in names.split(",")) if isinstance(names, str) else names
    listed = [_unpacked(each, len(wanted), ids) for each in cases]

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            failed = [f"{name}: {trouble}" for name, values in listed if (trouble := _tried(test, fixtures, wanted, values))]
            assert listed, "there is no case to try"
            if failed:
                pytest.fail("\n".join([f"{len(failed)} of {len(listed)} cases fail:", *failed]), pytrace=False)

        asked = inspect.signature(test)
        others = [each for each in asked.parameters.values() if each.name not in wanted]
        run.__signature__ = asked.replace(parameters=others)  # type: ignore[attr-defined]  # pytest gives the rest
        return run

    return decorated


def _unpacked(case: Any, count: int, ids: Callable[[Any], str]) -> tuple[str, tuple[Any, ...]]:
    """A case's name, and its values in the order of the names."""
    if hasattr(case, "marks"):  # pytest.param
        return case.id or "-".join(map(ids, case.values)), tuple(case.values)
    values = (case,) if count == 1 else tuple(case)
    return "-".join(map(ids, values)), values


def _tried(test: Callable[..., None], fixtures: dict[str, Any], names: tuple[str, ...], values: tuple[Any, ...]) -> str:
    """What is wrong with a case; empty when it passes."""
    try:
        test(**fixtures, **dict(zip(names, values, strict=True)))
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - each is told, none ends the others
        lines = f"{type(error).__name__}: {error}".splitlines()
        return "\n    ".join(lines[:_SHOWN])
    return ""
