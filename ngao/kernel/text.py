"""Text as people send it, in one form: two posts that differ only in how a program writes characters are the same post.

Unicode normal form C (Unicode Standard Annex 15); line ends as LF; control characters out, because a terminal or a partner's
program may obey them; invisible characters out, because no reader sees that they differ. No more than thirty combining marks
follow one another (UAX 15, Stream-Safe Text Format): to bring a run of them into order costs its length squared.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

_KEPT = "\n\t"
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: some scripts need them inside a word."""
MOST_MARKS = 30
_NUMBER_SIGNS = str.maketrans({"\u066b": ".", "\u066c": ""})


def clean(value: str) -> str:
    """Return the text in normal form C, line ends as LF, without control and invisible characters or outer white space."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    plain = lines.replace("\n", "").replace("\t", "").isprintable()  # then no character of it has to go
    return normal("NFC", lines if plain else "".join(filter(_stays, lines))).strip()


def normal(form: Literal["NFC", "NFKD"], value: str) -> str:
    """Return the text in a normal form, at a cost that grows with its length only: the one way to normalise foreign text."""
    return unicodedata.normalize(form, value if value.isascii() else _streamable(value))


def western_digits(value: str) -> str:
    """Return decimal digits of every script (such as Arabic-Indic) as 0 to 9."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in value.translate(_NUMBER_SIGNS))


def _streamable(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        leading, trailing, only_marks = _marks_in(char)
        if marks + leading > MOST_MARKS:
            continue
        marks = marks + leading if only_marks else trailing
        kept.append(char)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _marks_in(char: str) -> tuple[int, int, bool]:
    """Return with how many marks a character begins and ends once it is decomposed, and whether it is only marks.

    U+0F73 counts as no mark, and is made of two.
    """
    are_marks = [unicodedata.combining(part) > 0 for part in unicodedata.normalize("NFKD", char)]
    return _count_first(are_marks), _count_first(are_marks[::-1]), all(are_marks)


def _count_first(are_marks: list[bool]) -> int:
    return are_marks.index(False) if False in are_marks else len(are_marks)


def _stays(char: str) -> bool:
    return char in _KEPT or char in _JOINERS or not unicodedata.category(char).startswith("C")
