"""Text as people send it, in one form: two posts that differ only in how a program writes characters are the same post.

Unicode normal form C (Unicode Standard Annex 15); line ends as LF; control signs out, because a terminal or a partner's program
may obey them; invisible signs out, because no reader sees that they differ. No more than thirty combining marks follow one
another (UAX 15, Stream-Safe Text Format): to bring a run of them into order costs its length squared.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_KEPT = "\n\t"
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: some scripts need them inside a word."""
MOST_MARKS = 30
_NUMBER_SIGNS = str.maketrans({"\u066b": ".", "\u066c": ""})


def clean(value: str) -> str:
    """The text in normal form C, line ends as LF, without control and invisible signs, and without outer white space."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", "".join(_streamable(lines))).strip()


def western_digits(value: str) -> str:
    """Decimal digits of every script (such as Arabic-Indic) as 0 to 9."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in value.translate(_NUMBER_SIGNS))


def _streamable(text: str) -> Iterator[str]:
    marks = 0
    for char in filter(_stays, text):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MOST_MARKS:
            yield char


def _stays(char: str) -> bool:
    return char in _KEPT or char in _JOINERS or not unicodedata.category(char).startswith("C")
