"""The life of an account: invited once, proved by what cannot be used twice, slowed when somebody guesses, closed for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.console.accounts.codes import hashed, new_invitation_code, new_recovery_codes
from services.console.accounts.model import FREE_FAILURES, INVITED_FOR, LONGEST_WAIT, MOST_PASSKEYS, Account, Passkey, State

NOW = datetime(2026, 11, 30, 2, 14, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    made = Account("amina", NOW, ("duty-officer",))
    made.invite(hashed("invitation"), NOW)
    return made


def passkey(number: int = 1) -> Passkey:
    return Passkey(f"key-{number}", "public", 0, "my phone", NOW)


def test_an_invitation_opens_in_time_with_its_own_code_and_once(account: Account) -> None:
    assert account.is_invited_by(hashed("invitation"), NOW)
    assert not account.is_invited_by(hashed("another"), NOW)
    assert not account.is_invited_by(hashed("invitation"), NOW + INVITED_FOR)
    account.accept()
    assert account.is_open
    assert not account.is_invited_by(hashed("invitation"), NOW)


def test_a_code_is_the_same_with_the_spaces_and_letters_that_people_type() -> None:
    code = new_invitation_code()
    spaced = " ".join(code[at : at + 4] for at in range(0, len(code), 4)).upper()
    assert hashed(code) == hashed(f" {spaced}\n")
    recovery = new_recovery_codes()[0]
    assert hashed(recovery) == hashed(recovery.replace("-", "").lower())


def test_a_new_invitation_takes_everything_that_proved_who_signs_in(account: Account) -> None:
    account.accept()
    account.password_hash, account.totp_step, account.recovery_hashes = "hash", 7, ("one",)
    account.add_passkey(passkey())
    account.failed(NOW)
    account.invite(hashed("again"), NOW)
    assert (account.state, account.password_hash, account.totp_step) == (State.INVITED, None, 0)
    assert (account.recovery_hashes, account.passkeys, account.failures) == ((), (), 0)
    assert not account.is_open


def test_a_closed_account_opens_by_nothing(account: Account) -> None:
    account.accept()
    account.password_hash = "hash"
    account.add_passkey(passkey())
    account.close()
    assert not account.is_open
    assert (account.password_hash, account.passkeys, account.recovery_hashes) == (None, (), ())
    assert not account.is_invited_by(hashed("invitation"), NOW)


def test_after_some_failures_the_next_try_waits_twice_as_long_each_time_and_no_longer_than_a_bound(account: Account) -> None:
    for _ in range(FREE_FAILURES):
        account.failed(NOW)
        assert not account.has_to_wait(NOW)
    waits = []
    for _ in range(40):
        account.failed(NOW)
        assert account.has_to_wait(NOW)
        assert account.wait_until is not None
        waits.append(account.wait_until - NOW)
    assert waits[:3] == [timedelta(seconds=4), timedelta(seconds=8), timedelta(seconds=16)]
    assert max(waits) == waits[-1] == LONGEST_WAIT
    assert not account.has_to_wait(NOW + LONGEST_WAIT)
    account.signed_in()
    assert (account.failures, account.has_to_wait(NOW)) == (0, False)


def test_no_code_of_the_app_is_accepted_twice_and_none_before_the_last(account: Account) -> None:
    assert account.accepts_step(100)
    assert not account.accepts_step(100)
    assert not account.accepts_step(99)
    assert account.accepts_step(101)


def test_each_recovery_code_signs_in_once(account: Account) -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    account.recovery_hashes = tuple(hashed(each) for each in codes)
    assert account.accepts_recovery(hashed(codes[3]))
    assert not account.accepts_recovery(hashed(codes[3]))
    assert not account.accepts_recovery(hashed("AAAA-AAAA-AAAA-AAAA"))
    assert len(account.recovery_hashes) == 9


def test_passkeys_are_known_by_their_ids_and_bounded(account: Account) -> None:
    assert account.add_passkey(passkey(1))
    assert not account.add_passkey(passkey(1))
    account.used_passkey("key-1", 9, NOW)
    found = account.passkey("key-1")
    assert found is not None
    assert (found.sign_count, found.used_at) == (9, NOW)
    assert all(account.add_passkey(passkey(number)) for number in range(2, MOST_PASSKEYS + 1))
    assert not account.add_passkey(passkey(MOST_PASSKEYS + 1))


def test_the_last_way_to_sign_in_is_not_removed(account: Account) -> None:
    account.add_passkey(passkey(1))
    assert not account.remove_passkey("key-1")
    account.add_passkey(passkey(2))
    assert account.remove_passkey("key-1")
    assert not account.remove_passkey("key-1")
    account.password_hash = "hash"
    assert account.remove_passkey("key-2")
