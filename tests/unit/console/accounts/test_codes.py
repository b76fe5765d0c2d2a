"""Codes of an authenticator app (RFC 6238)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from services.console.accounts.codes import totp_address, totp_step

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""`12345678901234567890` of RFC 6238, appendix B, in base32."""


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")])
def test_the_codes_of_the_standard_are_accepted(seconds: int, code: str) -> None:
    assert totp_step(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_code_counts_one_step_either_way_and_no_further() -> None:
    secret, now = pyotp.random_base32(), datetime(2026, 11, 30, 2, 14, tzinfo=UTC)
    code = pyotp.TOTP(secret).at(int(now.timestamp()))
    step = int(now.timestamp()) // 30
    for off, expected in ((-60, None), (-30, step), (0, step), (30, step), (60, None)):
        assert totp_step(secret, code, now + timedelta(seconds=off)) == expected, off
    assert totp_step(secret, f" {code[:3]} {code[3:]} ", now) == step


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00", "-" * 6])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert totp_step(RFC_SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_the_address_for_the_app_names_nothing_but_the_account() -> None:
    assert totp_address(RFC_SECRET, "amina") == f"otpauth://totp/Desk:amina?secret={RFC_SECRET}&issuer=Desk"
