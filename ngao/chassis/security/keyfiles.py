"""Keys as files, one a period, so that a period's key can be destroyed and with it what backups still hold.

    <service>/kek-2026-11.key        wraps the service's data keys (32 random bytes, base64)
    <service>/lookup.key             makes its keyed hashes; lives as long as the hashes
    <service>/audit-2026-11.key      keys the chains of its audit; lives as long as the audit is to be verified
    <service>/audit.since            from when on every entry of the audit must be keyed
    <service>/edge-names.key         ends the names of the queues that outsiders must not find; who reads there has a copy
    <service>/sealing-2026-11.key    opens what was sealed to the service
    public/<service>-2026-11.pub     what the others seal to
    <service>/signing-2026-11.key    signs the service's events (Ed25519)
    public/signing-<service>-2026-11.pub  what its events are verified with
    <service>/onboarding-desk.pub    whose word for outsiders' keys the service takes
    console/staff-2026-11.key        signs the tokens of people who are signed in at the console (Ed25519)
    public/staff-2026-11.pub         what those tokens are verified with

A second period of the same month has a letter: 2026-11b. The newest period is active. Private files are 0600 in folders of
0700, and a key that others may read stops the start. A service only reads them.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ngao.chassis.errors import Misconfigured, readable
from ngao.chassis.security import seals, signing
from ngao.chassis.security.audit import Keys

KEY_BYTES = 32
PERIOD = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])[b-z]?$")
_SIGNING_PUBLIC = re.compile(r"^signing-(?P<service>[a-z]+)-(?P<period>[0-9]{4}-[0-9]{2}[b-z]?)$")
EDGE_NAMES = "edge-names.key"
_WAY_OUT = " Run `ngao keys init`, or mount the folder that holds it."


def load_signing(directory: Path) -> dict[str, str]:
    """Return a service's private signing keys by period, base64. Raises Misconfigured without one or if one is open to others."""
    return {period: b64encode(key).decode() for period, key in _keys_of(directory, "signing-", "signing key").items()}


def load_verifying(public_directory: Path) -> dict[str, tuple[str, str]]:
    """Return the services' public signing keys: by key id, owner and key. Raises Misconfigured for a file that is no key."""
    found = {}
    for path in sorted(public_directory.glob("signing-*.pub")):
        if named := _SIGNING_PUBLIC.fullmatch(path.stem):
            public = b64encode(_bytes(path)).decode()
            found[signing.key_id(public)] = (named["service"], public)
    return found


def load_onboarding(directory: Path) -> dict[str, str]:
    """Return the public onboarding keys that this service trusts, by key id; none where no outsider is onboarded."""
    return _publics(directory, "onboarding-")


def load_staff(public_directory: Path) -> dict[str, str]:
    """Return the public keys of staff tokens by key id; none where there is no console."""
    return _publics(public_directory, "staff-")


def load_staff_signing(directory: Path) -> dict[str, str]:
    """Return the console's private keys of staff tokens by period, base64. Raises Misconfigured as `load_signing` does."""
    return {period: b64encode(key).decode() for period, key in _keys_of(directory, "staff-", "key of staff tokens").items()}


def newest_published(privates: Mapping[str, str], published: Container[str], where: str) -> tuple[str, str]:
    """Return id and private key of the newest period whose public half is there for the others. Raises Misconfigured."""
    for _, private in sorted(privates.items(), reverse=True):
        key_id = signing.key_id(signing.public_of(private))
        if key_id in published:
            return key_id, private
    raise Misconfigured(f"{where} Run `ngao keys init`, or in a deployment `ngao secrets init`.")


def _publics(directory: Path, prefix: str) -> dict[str, str]:
    publics = [b64encode(_bytes(path)).decode() for path in sorted(directory.glob(f"{prefix}*.pub"))]
    return {signing.key_id(public): public for public in publics}


def load_keks(directory: Path) -> dict[str, bytes]:
    """Load all key-encryption keys of a service by period; raises Misconfigured when there is none or one is open to others."""
    return _keys_of(directory, "kek-", "key-encryption key")


def load_edge_names(directory: Path) -> str:
    """Return the secret in a service's queue names at the edge. Raises Misconfigured when it is missing or open to others."""
    refuse_open(directory / EDGE_NAMES)
    return text_of(directory / EDGE_NAMES)


def load_lookup(directory: Path) -> bytes:
    """Return the key of a service's keyed hashes. Raises Misconfigured when it is missing or open to others."""
    return _key(directory / "lookup.key")


def load_audit(directory: Path) -> Keys:
    """Return the keys of a service's audit. Raises Misconfigured when one is missing, open to others or no key."""
    keys = _keys_of(directory, "audit-", "key of the audit")
    path = directory / "audit.since"
    refuse_open(path)
    try:
        since = datetime.fromisoformat(text_of(path))
    except ValueError:
        raise Misconfigured(f"The file {path} does not hold a moment, such as 2026-11-01T08:00:00+00:00.") from None
    return Keys(keys, since if since.tzinfo else since.replace(tzinfo=UTC))


def load_private(directory: Path) -> dict[str, str]:
    """Load all private sealing keys by key id, base64; raises Misconfigured when there is none or one is open to others."""
    privates = [b64encode(key).decode() for key in _keys_of(directory, "sealing-", "sealing key").values()]
    return {seals.key_id(seals.public_of(private)): private for private in privates}


def active_public(public_directory: Path, owner: str) -> tuple[str, str]:
    """Return the key id and public key of an owner's newest period, to seal to. Raises Misconfigured without one."""
    files = _files_of(public_directory, f"{owner}-", ".pub", f"public key of {owner}")
    public = b64encode(_bytes(files[max(files)])).decode()
    return seals.key_id(public), public


def periods_in(directory: Path, prefix: str) -> list[str]:
    """Return the periods that a folder has a private key of this kind for, the oldest first."""
    return list(_by_period(directory, prefix, ".key"))


def _by_period(directory: Path, prefix: str, suffix: str) -> dict[str, Path]:
    files = {path.name[len(prefix) : -len(suffix)]: path for path in sorted(directory.glob(f"{prefix}*{suffix}"))}
    return {period: path for period, path in files.items() if PERIOD.fullmatch(period)}


def _keys_of(directory: Path, prefix: str, what: str) -> dict[str, bytes]:
    return {period: _key(path) for period, path in _files_of(directory, prefix, ".key", what).items()}


def _files_of(directory: Path, prefix: str, suffix: str, what: str) -> dict[str, Path]:
    """Return the files of a folder by period. Raises Misconfigured when there is none."""
    files = _by_period(directory, prefix, suffix)
    if not files:
        raise Misconfigured(f"The folder {directory} has no {what} ({prefix}<period>{suffix}).{_WAY_OUT}")
    return files


def _key(path: Path) -> bytes:
    refuse_open(path)
    return _bytes(path)


def refuse_open(path: Path) -> None:
    """Raise Misconfigured when a key file is not there or other users may read it."""
    with readable(f"The key file {path}", _WAY_OUT):
        mode = path.stat().st_mode
    if mode & 0o077:
        raise Misconfigured(f"The key file {path} is open to other users (mode {mode & 0o777:o}). Run `chmod 600 {path}`.")


def text_of(path: Path) -> str:
    """Return the text of a key file. Raises Misconfigured."""
    try:
        with readable(f"The key file {path}", _WAY_OUT):
            return path.read_text("ascii").strip()
    except UnicodeDecodeError:
        raise _not_a_key(path) from None


def _bytes(path: Path) -> bytes:
    try:
        key = b64decode(text_of(path), validate=True)
    except ValueError:
        raise _not_a_key(path) from None
    if len(key) != KEY_BYTES:
        raise _not_a_key(path)
    return key


def _not_a_key(path: Path) -> Misconfigured:
    return Misconfigured(f"The key file {path} does not hold {KEY_BYTES} bytes in base64.")
