"""The first keys of a service and of a period, as files that the services read (see `ngao.chassis.security.keyfiles`).

No service makes a key. Nothing here ever overwrites one: a lost key is lost data.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security import seals, signing
from ngao.chassis.security.keyfiles import EDGE_NAMES, KEY_BYTES, PERIOD, periods_in, text_of
from ngao.deployment.atomic_files import write_once

UPDATE_WITHIN = timedelta(days=7)
"""How long an update from a version that keyed no audit may take: until then it may still write entries without a key."""


def init_service_keys(directory: Path, period: str) -> None:
    """Make a service's key-encryption key for a period, its lookup key and its audit's key, where they do not exist yet."""
    _check_period(period)
    _private_folder(directory)
    _init_audit(directory, period)
    write_once(directory / f"kek-{period}.key", new_secret(), 0o600)
    write_once(directory / "lookup.key", new_secret(), 0o600)


def _init_audit(directory: Path, period: str) -> None:
    """Key the audit of a new folder, one without any key, from the first entry on."""
    if not periods_in(directory, "audit-"):
        write_once(directory / f"audit-{period}.key", new_secret(), 0o600)
    is_new = not (directory / "lookup.key").exists()
    since = datetime.now(UTC) + (timedelta() if is_new else UPDATE_WITHIN)
    write_once(directory / "audit.since", since.isoformat(timespec="seconds"), 0o600)


def init_edge_names(directory: Path, secret: str) -> None:
    """Give a service the secret in the names of its queues at the edge, where it has none yet."""
    _private_folder(directory)
    write_once(directory / EDGE_NAMES, secret, 0o600)


def init_sealing_pair(private_directory: Path, public_directory: Path, period: str, owner: str) -> None:
    """Make a recipient's key pair for a period; the public half is written again from the private one if it is missing."""
    _check_period(period)
    private_file = private_directory / f"sealing-{period}.key"
    _init_pair(private_file, seals.new_key_pair()[0], public_directory / f"{owner}-{period}.pub", seals.public_of)


def init_signing_pair(private_directory: Path, public_directory: Path, period: str, service: str) -> None:
    """Make the pair that a service signs its events with; the public half is written again from the private one if it is missing.

    A service uses a new private key only when it sees the public half, so that no consumer meets a signature of an unknown key.
    """
    _check_period(period)
    private_file = private_directory / f"signing-{period}.key"
    _init_pair(private_file, signing.new_key(), public_directory / f"signing-{service}-{period}.pub", signing.public_of)


def init_staff_pair(private_directory: Path, public_directory: Path, period: str) -> None:
    """Make the pair that the console signs staff tokens with, as `init_signing_pair` does for events."""
    _check_period(period)
    _init_pair(
        private_directory / f"staff-{period}.key", signing.new_key(), public_directory / f"staff-{period}.pub", signing.public_of
    )


def _init_pair(private_file: Path, private: str, public_file: Path, public_of: Callable[[str], str]) -> None:
    _private_folder(private_file.parent)
    public_file.parent.mkdir(parents=True, exist_ok=True)
    write_once(private_file, private, 0o600)
    write_once(public_file, public_of(text_of(private_file)), 0o644)


def init_onboarding(private_file: Path, trusting: Iterable[Path], name: str) -> None:
    """Make the pair that outsiders' keys are vouched for with, and its public half for each service that trusts it; once.

    Where a service trusts a key already, none is made: the private half may be kept elsewhere.
    """
    folders = list(trusting)
    if not private_file.exists() and any(list(folder.glob("onboarding-*.pub")) for folder in folders):
        return
    _private_folder(private_file.parent)
    write_once(private_file, signing.new_key(), 0o600)
    for folder in folders:
        trust_onboarding(folder, name, signing.public_of(text_of(private_file)))


def trust_onboarding(directory: Path, name: str, public_b64: str) -> None:
    """Let a service trust an onboarding key; raises InvalidInput when it is none, and never takes another's place."""
    signing.key_id(public_b64)
    _private_folder(directory)
    write_once(directory / f"onboarding-{name}.pub", public_b64, 0o600)


def new_secret() -> str:
    """Return a new key-encryption key or key of an audit, as its file holds it."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _check_period(period: str) -> None:
    if not PERIOD.fullmatch(period):
        raise Misconfigured("A key period is a year and a month, such as 2026-11.")


def _private_folder(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
