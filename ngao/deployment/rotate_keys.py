"""Key periods: a new file starts a period, and destroying its file ends it.

Services check their folders every few seconds, so neither needs a restart. Data sealed under an old period stays readable until
its key is destroyed. Then it is unreadable everywhere, also in backups, oplogs and broker files.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.rereading import LOOK_AGAIN_S
from ngao.chassis.security import seals, signing
from ngao.chassis.security.keyfiles import periods_in
from ngao.chassis.storage.connection import OUTBOX_DAYS
from ngao.deployment.first_keys import new_secret
from ngao.deployment.naming import SEALED_TO, period_of
from ngao.deployment.secrets_folder import SecretsFolder


def begin_wrapping(folder: SecretsFolder, service: str) -> str:
    """Create a new key-encryption key for a service. Return its period."""
    return _begin(folder, service, "kek")


def begin_sealing(folder: SecretsFolder, service: str) -> str:
    """Create a new pair for others to seal to, the private half first. Return its period."""
    if service not in SEALED_TO:
        raise Misconfigured(f"{service} has no sealing keys. Choose {' or '.join(SEALED_TO)}.")
    with folder.alone():
        keys = folder.at(service, "keys")
        known = periods_in(keys, "sealing-")
        unpublished = [each for each in known if not folder.at("public", f"{service}-{each}.pub").exists()]
        period = unpublished[-1] if unpublished else next_period(known)  # continue an interrupted change
        if not unpublished:
            folder.write(seals.new_key_pair()[0], service, "keys", f"sealing-{period}.key")
        public = seals.public_of(folder.read(service, "keys", f"sealing-{period}.key"))
        folder.write(public, "public", f"{service}-{period}.pub")
    return period


def begin_signing(folder: SecretsFolder, service: str) -> str:
    """Create a new pair to sign events with, the public half first. Return its period."""
    with folder.alone():
        period = next_period(periods_in(folder.at(service, "keys"), "signing-"))
        private = signing.new_key()
        folder.write(signing.public_of(private), "public", f"signing-{service}-{period}.pub")
        folder.write(private, service, "keys", f"signing-{period}.key")
    return period


def begin_audit(folder: SecretsFolder, service: str) -> str:
    """Create a new key for a service's audit trail. Return its period. Earlier keys stay, to verify earlier entries."""
    return _begin(folder, service, "audit")


def _begin(folder: SecretsFolder, service: str, kind: str) -> str:
    with folder.alone():
        period = next_period(periods_in(folder.at(service, "keys"), f"{kind}-"))
        folder.write(new_secret(), service, "keys", f"{kind}-{period}.key")
    return period


def next_period(known: list[str]) -> str:
    """Return this month, or if the newest period is of this month or later, that with a letter: 2026-11, 2026-11b, 2026-11c."""
    now, newest = period_of(), max(known, default="")
    if now > newest:
        return now
    letter = newest[7:] or "a"
    if letter == "z":
        raise NotAllowedNow(f"{newest[:7]} has no free letter for another key period. Try again next month.")
    return f"{newest[:7]}{chr(ord(letter) + 1)}"


class Kind(StrEnum):
    """The purpose of a period's key. Each kind has its own periods, though their names may be equal."""

    WRAPPING = "wrapping"
    SEALING = "sealing"
    SIGNING = "signing"


BOTH = (Kind.WRAPPING, Kind.SEALING)
"""The kinds that are retired by default. A signing key hides nothing, so its retirement is seldom urgent."""


class _Retirement(NamedTuple):
    """When a period of a kind may be retired: its file's prefix, the least age of its successor, and the reason for that."""

    prefix: str
    successor_s: float
    why: str


_AFTER_OUTBOX_S = (OUTBOX_DAYS + 1) * 86400  # no outsider can count the messages in transit, but none outlives the outbox
_RESENT = f"the previous one may be resent for {OUTBOX_DAYS} days"
_RETIREMENTS = {
    Kind.WRAPPING: _Retirement("kek-", 6 * LOOK_AGAIN_S, "every process of the service must have loaded it"),
    Kind.SEALING: _Retirement("sealing-", _AFTER_OUTBOX_S, f"messages sealed to {_RESENT}"),
    Kind.SIGNING: _Retirement("signing-", _AFTER_OUTBOX_S, f"events signed with {_RESENT}"),
}


@dataclass(frozen=True)
class Needs:
    """A service's use of its keys: data keys by the period that wraps them, and whether messages are parked."""

    wrapped: Mapping[str, int]
    parked: bool


@dataclass(frozen=True)
class KeyPlace:
    """The key folders of one service: in a deployment's secrets, or on this machine's platform."""

    service: str
    private: Path
    public: Path

    def files_of(self, period: str, kinds: Collection[Kind] = BOTH) -> list[Path]:
        """Return the existing key files of a period."""
        return [path for kind in kinds for path in self._named(period, kind) if path.exists()]

    def require_retirable(self, period: str, needs: Needs, kinds: Collection[Kind] = BOTH) -> None:
        """Raise NotAllowedNow while a period's keys are needed. The message names a kind that can be retired alone."""
        here = [kind for kind in kinds if self.files_of(period, (kind,))]
        refusals = {kind: why for kind in here if (why := self._refusal(period, needs, kind))}
        if refusals:
            free = [kind for kind in here if kind not in refusals]
            hint = f" Its {free[0]} key alone can be retired: `--kind {free[0]}`." if free else ""
            raise NotAllowedNow(f"{next(iter(refusals.values()))}{hint}")

    def _named(self, period: str, kind: Kind) -> list[Path]:
        """Return the paths of a period's key: the private half first, then the public half if it has one."""
        private = self.private / f"{_RETIREMENTS[kind].prefix}{period}.key"
        if kind is Kind.WRAPPING:
            return [private]
        owner = f"signing-{self.service}" if kind is Kind.SIGNING else self.service
        return [private, self.public / f"{owner}-{period}.pub"]

    def _refusal(self, period: str, needs: Needs, kind: Kind) -> str | None:
        if not self._named(period, kind)[0].exists():
            return None  # an interrupted retirement has destroyed the private half already
        if early := self._too_early(period, *_RETIREMENTS[kind]):
            return early
        if kind is Kind.WRAPPING and (wrapped := needs.wrapped.get(period)):
            return f"{wrapped} data keys of {self.service} are under {period}. Run `ngao keys rewrap --service {self.service}`."
        if kind is Kind.SEALING and needs.parked:
            return f"Parked messages of {self.service} may be sealed to it. Replay or drop them first."
        return None

    def _too_early(self, period: str, prefix: str, youngest_s: float, why: str) -> str | None:
        newest = max(periods_in(self.private, prefix))
        if newest <= period:
            return f"{prefix}{period}.key is the newest of {self.service}. Start a new period first."
        left = youngest_s - (time.time() - (self.private / f"{prefix}{newest}.key").stat().st_mtime)
        when = f"{left / 86400:.1f} days" if left > 86400 else f"{left:.0f} s"
        return f"{prefix}{newest}.key of {self.service} is too new: {why}. Try again in {when}." if left > 0 else None
