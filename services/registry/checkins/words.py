"""The words of an answer: how they are compared, and whether two of them are far enough apart."""

from __future__ import annotations

from rapidfuzz.distance import DamerauLevenshtein

from ngao.kernel.names import comparable


def plain(word: str) -> str:
    """Return a word as it is compared: without case, accents and spaces around it, as a phone may write it."""
    return comparable(word)


def differ_in(one: str, other: str) -> int:
    """Return in how many letters two words differ; letters that changed places count once."""
    return DamerauLevenshtein.distance(plain(one), plain(other))
