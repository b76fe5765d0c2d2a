"""References that cannot be guessed."""

from __future__ import annotations

import secrets
from uuid import uuid4

# Crockford's base 32 (crockford.com/base32.html): no I, L, O, U, so that it can be read out on a bad line.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class RandomIds:
    """Makes references from the system's random source; ten characters are 50 bits."""

    def report_id(self) -> str:
        """A fresh report id."""
        return str(uuid4())

    def case_ref(self) -> str:
        """A fresh case reference."""
        return "NG-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
