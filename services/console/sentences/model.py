"""Find out which sentence a service has written, and what it has filled in, so that a page can write it in another language.

The services explain each decision in English. A sentence that is not in the list is shown as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from services.console.sentences.lists import SENTENCES

_WORD = r"\S+?"
_BLANK = re.compile(r"%\((\w+)\)s")
_MORE_THAN_A_WORD = {"sentence": ".+", "label": ".+", "languages": ".+", "reason": ".+?", "kind": "[a-z]+(?: [a-z]+)*"}
"""What may be filled in where it is not one word."""


@dataclass(frozen=True)
class Written:
    """A sentence of the list, and what was filled in, by the names of its blanks."""

    text: str
    filled: Mapping[str, str]


def written(sentence: str) -> Written | None:
    """Return the sentence of the list that this one is, or None."""
    for text, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return Written(text, found.groupdict())
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, re.compile(_pattern(each))) for each in SENTENCES)


def _pattern(text: str) -> str:
    pieces = _BLANK.split(text)
    literal = [re.escape(each.replace("%%", "%")) for each in pieces[::2]]
    blanks = [f"(?P<{each}>{_MORE_THAN_A_WORD.get(each, _WORD)})" for each in pieces[1::2]]
    return "".join(each for pair in zip(literal, [*blanks, ""], strict=True) for each in pair)
