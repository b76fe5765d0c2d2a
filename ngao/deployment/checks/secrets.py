"""Whether a secrets folder is whole: every file there, its owner's and closed, copies alike, certificates good for a while."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.keyfiles import load_onboarding
from ngao.deployment.checks.runner import Check, CheckWarning
from ngao.deployment.init_secrets import EDGE_NAMES
from ngao.deployment.naming import AT_EDGE, DISCLOSING, SEALED_TO, SERVICES, store_of
from ngao.deployment.secrets_folder import OWNERS, SecretsFolder, mode_of

_MAY_BE_ELSEWHERE = frozenset({"ca", "backup"})
"""What is needed seldom, and safest on a disk that is not here."""

SOON = timedelta(days=30)
INIT = "run `bin/ngao secrets init`"
_STORES = tuple(store_of(service) for service in SERVICES)
_OWN = (
    "broker.password", "store.password", "operators.json",
    "keys/lookup.key", "keys/kek-*.key", "keys/signing-*.key", "keys/audit-*.key", "keys/audit.since",
)  # fmt: skip
_PAIR = ("tls/cert.pem", "tls/key.pem")
_GIVEN = tuple(f"{kind}-{service}" for kind in ("broker", "store", "keyfile") for service in SERVICES)
_SEALED = dict.fromkeys(SEALED_TO, ("keys/sealing-*.key",))
_VOUCHED = dict.fromkeys(DISCLOSING, ("keys/onboarding-*.pub",))
_AT_EDGE = dict.fromkeys(AT_EDGE, ("keys/edge-names.key",))
_MORE = {name: tuple(each for of in (_SEALED, _VOUCHED, _AT_EDGE) for each in of.get(name, ())) for name in SERVICES}
# The files that a room cannot be without; `*` stands for the period.
_WANTED: Mapping[str, tuple[str, ...]] = {
    "public": (*(f"{owner}-*.pub" for owner in SEALED_TO), *(f"signing-{service}-*.pub" for service in SERVICES), "backup.pub"),
    "broker": ("definitions.json",),
    "provision": ("broker-admin.password", "edge-names", *_GIVEN),
    "operator": ("operator.key", "broker-admin.password", "ngao.env"),
    **{service: (*_OWN, *_MORE[service]) for service in SERVICES},
    **dict.fromkeys(_STORES, ("keyfile",)),
}
_WANTED_FOR_TLS: Mapping[str, tuple[str, ...]] = {
    "public": ("ca.pem",),
    **dict.fromkeys((*SERVICES, "broker"), _PAIR),
    **dict.fromkeys(_STORES, ("tls/both.pem",)),
}


@dataclass(frozen=True)
class SecretsCheck:
    """What can be seen from here: `whole` on the host as root; in a container only the rooms that are mounted there."""

    folder: SecretsFolder
    tls: bool
    whole: bool

    def checks(self) -> Iterator[Check]:
        """Yield all checks of the folder, the folder itself first."""
        yield Check("secrets folder", self._folder_is_there)
        if not self.folder.root.is_dir():
            return  # nothing else can be said before it is made
        needed = OWNERS.keys() - _MAY_BE_ELSEWHERE if self.whole else set()
        rooms = [room for room in OWNERS if room in needed or self.folder.at(room).is_dir()]
        for room in rooms:
            yield Check(f"secrets of {room}", partial(self._room, room), ("secrets folder",))
        if {"provision", *SERVICES} <= set(rooms):
            yield Check("passwords agree", self._agree, tuple(f"secrets of {room}" for room in ("provision", *SERVICES)))
        if "registry" in rooms and "intake" in rooms:
            needs = tuple(f"secrets of {room}" for room in DISCLOSING)
            yield Check("onboarding keys", lambda: onboarding({room: self.folder.at(room, "keys") for room in DISCLOSING}), needs)
        for owner in (owner for owner in (*SERVICES, "broker", *_STORES) if self.tls and owner in rooms):
            look = partial(look_at_certificate, self.folder.certificate_of(owner), self.folder.at("public", "ca.pem"))
            yield Check(f"certificate of {owner}", look, (f"secrets of {owner}", "secrets of public"))

    def _folder_is_there(self) -> str:
        root = self.folder.root
        try:
            names = os.listdir(root)  # noqa: PTH208  # only the names, and the error says why not
        except PermissionError:
            raise Misconfigured(f"The secrets folder {root} is closed to this user: run this with sudo.") from None
        except OSError:
            names = []
        if not names:
            raise Misconfigured(f"There are no secrets in {root} yet: {INIT} first.")
        mode = root.stat().st_mode & 0o777
        if self.whole and mode & 0o077:
            raise Misconfigured(f"The secrets folder {root} is open to other users (mode {mode:o}): {INIT}, which closes it.")
        return str(root)

    def _room(self, room: str) -> str:
        place = self.folder.at(room)
        names = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()} if place.is_dir() else set()
        if not names and room not in _MAY_BE_ELSEWHERE:
            raise Misconfigured(f"There is nothing in {place} yet: {INIT} first.")
        for wanted in self._wanted(room):
            if not fnmatch.filter(names, wanted):
                raise Misconfigured(f"{place / wanted} is missing: {INIT}, which makes what is missing, or bring your copy back.")
        for name in sorted(names):
            self._demand_closed(room, place / name)
        return f"{len(names)} files"

    def _demand_closed(self, room: str, path: Path) -> None:
        found = path.stat()
        mode, wanted = found.st_mode & 0o777, mode_of(room)
        if mode & ~wanted & 0o077:
            raise Misconfigured(f"{path} is open to other users (mode {mode:o}): {INIT}, which closes it.")
        owner = OWNERS[room]
        if self.whole and found.st_uid != owner:
            raise Misconfigured(f"{path} belongs to user {found.st_uid}, not to {owner}: {INIT}, which gives it to its owner.")
        if not found.st_size:
            raise Misconfigured(f"{path} is empty: remove it and {INIT}, or bring your copy back.")
        if not os.access(path, os.R_OK):
            raise Misconfigured(f"{path} cannot be read by this user: {INIT}, which gives it to its owner.")

    def _wanted(self, room: str) -> tuple[str, ...]:
        return (*_WANTED.get(room, ()), *(_WANTED_FOR_TLS.get(room, ()) if self.tls else ()))

    def _agree(self) -> str:
        """Check that each service has the same password as the account that provisioning creates for it."""
        for service in SERVICES:
            for kind in ("broker", "store"):
                own, given = (service, f"{kind}.password"), ("provision", f"{kind}-{service}")
                if self.folder.read(*own) != self.folder.read(*given):
                    one, other = self.folder.at(*own), self.folder.at(*given)
                    raise Misconfigured(f"{one} and {other} hold different passwords: remove the wrong one and {INIT}.")
        first, *others = EDGE_NAMES
        for place in others:
            if self.folder.read(*place) != self.folder.read(*first):
                one, other = self.folder.at(*place), self.folder.at(*first)
                raise Misconfigured(f"{one} and {other} name different queues: give the first the content of the second.")
        return "each service has the password that its accounts are made with"


def onboarding(folders: Mapping[str, Path]) -> str:
    """Check the trusted onboarding keys. Raises Misconfigured if there is none, or if the services trust different ones."""
    trusted = {room: frozenset(load_onboarding(folder)) for room, folder in folders.items()}
    count = min(len(keys) for keys in trusted.values())
    if not count:
        raise Misconfigured(f"No onboarding key is trusted, so nothing is disclosed to partners: {INIT}.")
    if len(set(trusted.values())) > 1:
        raise Misconfigured(f"{' and '.join(folders)} trust different onboarding keys: `ngao keys onboarding` adds one.")
    alone = "one is trusted: one operator can change a partner's keys alone"
    return alone if count == 1 else f"{count} are trusted: other keys of a partner need two operators"


def look_at_certificate(file: Path, authority_file: Path, now: datetime | None = None) -> str:
    """Check a certificate's validity. Raises Misconfigured if it is not valid now, CheckWarning if it soon will not be."""
    certificate = _load_all(file)[0]
    if not any(_signed_by(certificate, authority) for authority in _load_all(authority_file)):
        raise Misconfigured(f"The certificate {file} is of no authority in {authority_file}: remove it and {INIT}.")
    now = now or datetime.now(UTC)
    if certificate.not_valid_before_utc > now:
        begins = certificate.not_valid_before_utc
        raise Misconfigured(f"The certificate {file} is not valid before {begins:%Y-%m-%d %H:%M} UTC: is the clock here right?")
    ends = certificate.not_valid_after_utc
    way_out = "run `bin/ngao secrets rotate tls`."
    if ends <= now:
        raise Misconfigured(f"The certificate {file} ran out on {ends:%Y-%m-%d}: {way_out}")
    if ends - now < SOON:
        raise CheckWarning(f"The certificate {file} runs out on {ends:%Y-%m-%d}: {way_out}")
    return f"counts until {ends:%Y-%m-%d}"


def _load_all(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError:
        raise Misconfigured(f"{file} holds no certificate in PEM: remove it and {INIT}, or bring your copy back.") from None


def _signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
