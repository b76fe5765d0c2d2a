"""Key periods: a new one is begun by a new file, and an old one ended by destroying its file.

Services look at their folders again every few seconds, so neither needs a restart. What was sealed under an old period stays
readable until its key is destroyed, and then nowhere: not in backups, oplogs and broker files either.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.rereading import LOOK_AGAIN_S
from ngao.chassis.security import seals, signing
from ngao.chassis.security.keyfiles import active_period, new_secret, periods_in
from ngao.chassis.storage.connection import OUTBOX_DAYS
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.names import SEALED_TO, period_of

_YOUNGEST_KEK_S = 6 * LOOK_AGAIN_S
_YOUNGEST_SEAL_S = (OUTBOX_DAYS + 1) * 86400


def begin_wrapping(folder: SecretsFolder, service: str) -> str:
    """A new key-encryption key for a service; gives its period."""
    return _begin(folder, service, "kek")


def begin_sealing(folder: SecretsFolder, service: str) -> str:
    """A new pair for others to seal to; gives its period. The private half is there before anybody can seal to the public one."""
    if service not in SEALED_TO:
        raise Misconfigured(f"Nobody seals to {service}; {' and '.join(SEALED_TO)} have such keys.")
    with folder.alone():
        keys = folder.at(service, "keys")
        known = periods_in(keys, "sealing-", ".key")
        unsaid = [each for each in known if not folder.at("public", f"{service}-{each}.pub").exists()]
        period = unsaid[-1] if unsaid else next_period(known)  # one that was cut off between its halves goes on
        if not unsaid:
            folder.write(seals.new_key_pair()[0], service, "keys", f"sealing-{period}.key")
        public = seals.public_of(folder.read(service, "keys", f"sealing-{period}.key"))
        folder.write(public, "public", f"{service}-{period}.pub")
    return period


def begin_signing(folder: SecretsFolder, service: str) -> str:
    """A new pair that a service signs its events with; gives its period. The public half is there before anything is signed."""
    with folder.alone():
        period = next_period(periods_in(folder.at(service, "keys"), "signing-", ".key"))
        private = signing.new_key()
        folder.write(signing.public_of(private), "public", f"signing-{service}-{period}.pub")
        folder.write(private, service, "keys", f"signing-{period}.key")
    return period


def begin_audit(folder: SecretsFolder, service: str) -> str:
    """A new key for a service's audit; gives its period. The keys before stay: what they have keyed is verified with them."""
    return _begin(folder, service, "audit")


def _begin(folder: SecretsFolder, service: str, kind: str) -> str:
    with folder.alone():
        period = next_period(periods_in(folder.at(service, "keys"), f"{kind}-", ".key"))
        folder.write(new_secret(), service, "keys", f"{kind}-{period}.key")
    return period


def next_period(known: list[str]) -> str:
    """This month, or, where the newest is of this month or later, that with a letter: 2026-11, 2026-11b, 2026-11c."""
    now, newest = period_of(), max(known, default="")
    if now > newest:
        return now
    letter = newest[7:] or "a"
    if letter == "z":
        raise NotAllowedNow(f"There are as many key periods of {newest[:7]} as can be told apart; wait for the next month.")
    return f"{newest[:7]}{chr(ord(letter) + 1)}"


class Kind(StrEnum):
    """What a period's key is for: each kind has periods of its own, though their names may be the same."""

    WRAPPING = "wrapping"
    SEALING = "sealing"
    SIGNING = "signing"


BOTH = (Kind.WRAPPING, Kind.SEALING)
"""What a period is retired for unless a kind is named: what signs events hides nothing, so it is seldom urgent."""


@dataclass(frozen=True)
class Needs:
    """What a service says still needs its keys: data keys by the period that wraps them, and whether messages are parked."""

    wrapped: Mapping[str, int]
    parked: bool


@dataclass(frozen=True)
class KeyPlace:
    """Where one service's keys lie: in a deployment's secrets, or on this machine's platform."""

    service: str
    private: Path
    public: Path

    def files_of(self, period: str, kinds: Collection[Kind] = BOTH) -> list[Path]:
        """What there is of a period."""
        return [path for kind in kinds for path in self._named(period, kind) if path.exists()]

    def demand_retirable(self, period: str, needs: Needs, kinds: Collection[Kind] = BOTH) -> None:
        """Raise NotAllowedNow while something still needs a period's keys; where one kind may go alone, it says so."""
        here = [kind for kind in kinds if self.files_of(period, (kind,))]
        refusals = {kind: why for kind in here if (why := self._refusal(period, needs, kind))}
        if refusals:
            free = [kind for kind in here if kind not in refusals]
            hint = f" Its {free[0]} key alone may go: `--kind {free[0]}`." if free else ""
            raise NotAllowedNow(f"{next(iter(refusals.values()))}{hint}")

    def _named(self, period: str, kind: Kind) -> list[Path]:
        if kind is Kind.WRAPPING:
            return [self.private / f"kek-{period}.key"]
        if kind is Kind.SIGNING:
            return [self.private / f"signing-{period}.key", self.public / f"signing-{self.service}-{period}.pub"]
        return [self.private / f"sealing-{period}.key", self.public / f"{self.service}-{period}.pub"]

    def _refusal(self, period: str, needs: Needs, kind: Kind) -> str | None:
        if not self._named(period, kind)[0].exists():
            return None  # it was cut off when it had destroyed what counts
        if kind is Kind.SIGNING:
            return self._may_still_come(period)
        return self._still_wraps(period, needs) if kind is Kind.WRAPPING else self._may_be_sealed_to(period, needs)

    def _still_wraps(self, period: str, needs: Needs) -> str | None:
        early = self._too_early("kek-", period, _YOUNGEST_KEK_S, "every process of the service must have seen it")
        wrapped = needs.wrapped.get(period)
        unwrapped = f"{wrapped} data keys of {self.service} are under {period}: run `ngao keys rewrap --service {self.service}`."
        return early or (unwrapped if wrapped else None)

    def _may_be_sealed_to(self, period: str, needs: Needs) -> str | None:
        """Nobody outside can count what is sealed and on its way; but nothing is on its way longer than events are kept."""
        why = f"what was sealed to the one before may be sent again for {OUTBOX_DAYS} days"
        early = self._too_early("sealing-", period, _YOUNGEST_SEAL_S, why)
        parked = f"Messages are parked at {self.service}, which may be sealed to it: replay or drop them first."
        return early or (parked if needs.parked else None)

    def _may_still_come(self, period: str) -> str | None:
        why = f"what was signed with the one before may be sent again for {OUTBOX_DAYS} days"
        return self._too_early("signing-", period, _YOUNGEST_SEAL_S, why)

    def _too_early(self, prefix: str, period: str, youngest_s: float, why: str) -> str | None:
        newest = active_period(periods_in(self.private, prefix, ".key"))
        if newest <= period:
            return f"{prefix}{period}.key is the newest of {self.service}: begin a new period first."
        left = youngest_s - (time.time() - (self.private / f"{prefix}{newest}.key").stat().st_mtime)
        when = f"{left / 86400:.1f} days" if left > 86400 else f"{left:.0f} s"
        return f"{prefix}{newest}.key of {self.service} is too new, {why}: try again in {when}." if left > 0 else None
