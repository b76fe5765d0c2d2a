"""An account of a person who works with the platform: how it begins, what proves who signs in, and how it ends."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

INVITED_FOR = timedelta(hours=48)
FREE_FAILURES = 5
"""So many times a person may mistype before the next try has to wait."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=4), timedelta(minutes=15)
MOST_PASSKEYS = 10


class State(StrEnum):
    """Where an account is in its life."""

    INVITED = "invited"
    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True)
class Passkey:
    """A key pair of a person's device, by WebAuthn; ids and keys are base64url. `name` is the person's own word for it."""

    id: str
    public_key: str
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class Invitation:
    """The right to set an account up, once: the hash of a code that was shown to the operator who invited."""

    code_hash: str
    expires_at: datetime

    def opens(self, code_hash: str, now: datetime) -> bool:
        """Return True if the code is this invitation's, in time."""
        return now < self.expires_at and hmac.compare_digest(self.code_hash, code_hash)


@dataclass
class Account:
    """One person's account. The id is what audits and cases name; `hubs` are the counties that a hub's role is for.

    `partner` is the partner whose person this is, from the invitation on; empty for the coalition's own people.

    `totp_sealed` is the secret of the person's authenticator app, as ciphertext. `totp_step` is the last step of time (RFC 6238)
    whose code was accepted, so that no code is accepted twice. `has_keys` is whether single letters are keys of the pages.
    `organisation` is a hash that stands for the person at the organisation's sign-in service.
    """

    id: str
    created_at: datetime
    roles: tuple[str, ...]
    hubs: tuple[str, ...] = ()
    partner: str = ""
    language: str = "en"
    state: State = State.INVITED
    invitation: Invitation | None = None
    password_hash: str | None = None
    totp_sealed: bytes | None = None
    totp_step: int = 0
    recovery_hashes: tuple[str, ...] = ()
    passkeys: tuple[Passkey, ...] = ()
    organisation: str | None = None
    failures: int = 0
    wait_until: datetime | None = None
    has_keys: bool = True
    revision: int = 0

    @property
    def is_open(self) -> bool:
        """Return True if a person may sign in with it."""
        return self.state is State.ACTIVE

    def invite(self, code_hash: str, now: datetime) -> None:
        """Let the account be set up, from nothing: what proved who signs in before proves nothing any more."""
        self.state = State.INVITED
        self.invitation = Invitation(code_hash, now + INVITED_FOR)
        self._forget()
        self.failures, self.wait_until = 0, None

    def is_invited_by(self, code_hash: str, now: datetime) -> bool:
        """Return True if this code may set the account up now."""
        return self.state is State.INVITED and self.invitation is not None and self.invitation.opens(code_hash, now)

    def accept(self) -> None:
        """End the invitation: the account is set up."""
        self.state, self.invitation = State.ACTIVE, None

    def close(self) -> None:
        """Let no one sign in any more. The id stays: it is never given to another person."""
        self.state, self.invitation = State.CLOSED, None
        self._forget()

    def _forget(self) -> None:
        self.password_hash, self.totp_sealed, self.totp_step = None, None, 0
        self.recovery_hashes, self.passkeys, self.organisation = (), (), None

    def has_to_wait(self, now: datetime) -> bool:
        """Return True while no password is looked at, because too many were wrong. No one guesses a passkey: it never waits."""
        return self.wait_until is not None and now < self.wait_until

    def failed(self, now: datetime) -> None:
        """Count a wrong password or code; from the sixth on, the next try has to wait, twice as long each time."""
        self.failures += 1
        beyond = self.failures - FREE_FAILURES
        if beyond > 0:
            self.wait_until = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(beyond - 1, 16))

    def signed_in(self) -> None:
        """Forget the failures before."""
        self.failures, self.wait_until = 0, None

    def accepts_step(self, step: int) -> bool:
        """Use the code of a step of time. Returns False for one that was used, or is older than the last."""
        if step <= self.totp_step:
            return False
        self.totp_step = step
        return True

    def accepts_recovery(self, code_hash: str) -> bool:
        """Use a recovery code, once."""
        left = tuple(each for each in self.recovery_hashes if not hmac.compare_digest(each, code_hash))
        used = len(left) < len(self.recovery_hashes)
        self.recovery_hashes = left
        return used

    def passkey(self, passkey_id: str) -> Passkey | None:
        """Return the passkey of this id."""
        return next((each for each in self.passkeys if each.id == passkey_id), None)

    def add_passkey(self, passkey: Passkey) -> bool:
        """Add a passkey. Returns False if there is one of its id, or too many."""
        if self.passkey(passkey.id) is not None or len(self.passkeys) >= MOST_PASSKEYS:
            return False
        self.passkeys = (*self.passkeys, passkey)
        return True

    def used_passkey(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Note that a passkey signed, and what its counter says now."""
        self.passkeys = tuple(
            replace(each, sign_count=sign_count, used_at=now) if each.id == passkey_id else each for each in self.passkeys
        )

    def remove_passkey(self, passkey_id: str) -> bool:
        """Remove a passkey. Returns False if there is none, or if nothing would be left to sign in with."""
        left = tuple(each for each in self.passkeys if each.id != passkey_id)
        if len(left) == len(self.passkeys) or not (left or self.password_hash or self.organisation):
            return False
        self.passkeys = left
        return True
