"""References that can be read out on a bad line and cannot be guessed: Crockford's base 32 (crockford.com/base32.html)."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O, U."""
_LENGTH = 10
_SPELT = rf"[0-9A-HJKMNP-TV-Z]{{{_LENGTH}}}"
CASE_REF, DEFENDER_REF = rf"^NG-{_SPELT}$", rf"^DEF-{_SPELT}$"
"""What references look like, as patterns."""


def case_ref() -> str:
    """Return a new case reference, 50 random bits."""
    return spelt("NG-", secrets.randbits(_LENGTH * 5))


def defender_ref() -> str:
    """Return a new reference of a person, 50 random bits."""
    return spelt("DEF-", secrets.randbits(_LENGTH * 5))


def pairwise_defender_ref(keyed_hash: str) -> str:
    """Return `DEF-` and 50 bits of a keyed hash (hex) of person and source: without the key no one can link two of them."""
    bits = int(keyed_hash[:16], 16)
    return "DEF-" + "".join(_ALPHABET[bits >> 5 * at & 31] for at in range(_LENGTH))


def spelt(prefix: str, number: int, length: int = _LENGTH) -> str:
    """Write a number of `length` times five bits, the highest first."""
    return prefix + "".join(_ALPHABET[number >> (5 * at) & 31] for at in reversed(range(length)))
