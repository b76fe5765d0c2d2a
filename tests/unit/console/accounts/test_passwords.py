"""Passwords (RFC 9106). eventlet's threads talk to the process over a socket of this machine."""

from __future__ import annotations

import pytest

from services.console.accounts.passwords import hashed, is_right

pytestmark = pytest.mark.loopback


def test_a_password_is_compared_with_its_own_hash_and_nobodys_is_always_wrong() -> None:
    kept = hashed("a long enough password")
    assert kept.startswith("$argon2id$")
    assert is_right("a long enough password", kept)
    assert not is_right("another password", kept)
    assert not is_right("the password of no account", None)
    assert not is_right("a long enough password", "no hash")
