"""Compare names: order, accents, case, apostrophes and invisible characters do not make another person."""

from __future__ import annotations

import re
import unicodedata

from ngao.kernel.text import clean, normal

_MOST_SIGNS = 1000
"""Five times what a name may have; what is beyond cannot make two names equal, and would only cost."""
_WORDS = re.compile(r"[^\W\d_]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u02bb\u2032\u00b4`"))


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, accents off, apostrophes closed up, case folded; initials are words of one letter.

    Scripts without an alphabet, or a name of digits only (a code by which a person wants to be known), keep what they have.
    """
    plain = normal("NFKD", clean(name[:_MOST_SIGNS]).translate(_APOSTROPHES))
    bare = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    return tuple(_WORDS.findall(bare)) or tuple(re.findall(r"\w+", bare))


def comparable(name: str) -> str:
    """Return a name in the form in which two are equal: its words in their order; empty for a name without a letter or digit."""
    return " ".join(words(name))
