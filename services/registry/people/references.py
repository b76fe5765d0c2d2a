"""References of persons: one inside the platform, another for each source that may report about the person again."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (crockford.com/base32.html): no I, L, O, U, so that it can be read out on a bad line."""

_LENGTH = 10


def pairwise(keyed_hash: str) -> str:
    """`DEF-` and the first 50 bits of a keyed hash (hex) of person and source: without the key no one can link two of them."""
    bits = int(keyed_hash[:16], 16)
    return "DEF-" + "".join(ALPHABET[bits >> 5 * at & 31] for at in range(_LENGTH))
