"""Passwords, by argon2id (RFC 9106): hashed and compared in a thread of their own, since each takes a tenth of a second."""

from __future__ import annotations

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from ngao.chassis.aside import aside

SHORTEST, LONGEST = 12, 200
_HASHER = argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)
_OF_NO_ACCOUNT = _HASHER.hash("the password of no account")


def hashed(password: str) -> str:
    """Return the stored form of a password."""
    return aside(_HASHER.hash, password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Return True if the password is the one of this hash. Without a hash it takes as long, and is wrong."""
    try:
        aside(_HASHER.verify, password_hash or _OF_NO_ACCOUNT, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
