"""Codes that a person types: of an authenticator app (RFC 6238), for recovery, and of an invitation."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from datetime import datetime
from hashlib import sha256

import pyotp

STEP_S = 30
RECOVERY_CODES = 10
_EITHER_WAY = 1
"""A code of the step before or after is taken: cheap phones run wrong."""
_RECOVERY_BYTES, _INVITATION_BYTES = 10, 20
_DIGITS = re.compile(r"^[0-9]{6}$")


def totp_address(secret: str, account_id: str) -> str:
    """Return the otpauth address that an authenticator app reads from a QR code. It names nothing but the account."""
    return pyotp.TOTP(secret).provisioning_uri(name=account_id, issuer_name="Desk")


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time whose code this is, or None if it is no code of about now."""
    typed = plain(code)
    if not _DIGITS.fullmatch(typed):
        return None
    current = int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    steps = range(current - _EITHER_WAY, current + _EITHER_WAY + 1)
    return next((step for step in steps if secrets.compare_digest(totp.at(step * STEP_S), typed)), None)


def new_recovery_codes() -> list[str]:
    """Return codes that sign in once each where the authenticator app is lost: `ABCD-EFGH-IJKL-MNOP`."""
    made = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(each[at : at + 4] for at in range(0, len(each), 4)) for each in made]


def new_invitation_code() -> str:
    """Return the code that sets up an account, once."""
    return b32encode(secrets.token_bytes(_INVITATION_BYTES)).decode().lower()


def hashed(code: str) -> str:
    """Return the stored form of a recovery or invitation code. They are random and long enough for one SHA-256."""
    return sha256(plain(code).encode()).hexdigest()


def plain(code: str) -> str:
    """Return a code as it is compared: without the spaces and hyphens that people type, in upper case."""
    return re.sub(r"[\s-]", "", code).upper()
