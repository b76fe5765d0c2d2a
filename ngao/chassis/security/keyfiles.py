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

A second period of the same month has a letter: 2026-11b. The newest period is active. Private files are 0600 in folders of
0700, and a key that others may read stops the start. Nothing here ever overwrites a key: a lost key is lost data.
"""

from __future__ import annotations

import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ngao.chassis.errors import Misconfigured, readable
from ngao.chassis.security import seals, signing
from ngao.chassis.security.audit import Keys

KEY_BYTES = 32
_PERIOD = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])[b-z]?$")
_SIGNING_PUBLIC = re.compile(r"^signing-(?P<service>[a-z]+)-(?P<period>[0-9]{4}-[0-9]{2}[b-z]?)$")
UPDATE_WITHIN = timedelta(days=7)
"""How long an update from a version that keyed no audit may take: until then it may still write entries without a key."""

_EDGE_NAMES = "edge-names.key"
_WAY_OUT = " Run `ngao keys init`, or mount the folder that holds it."


def init_service_keys(directory: Path, period: str) -> None:
    """Make a service's key-encryption key for a period, its lookup key and its audit's key, where they do not exist yet."""
    _check_period(period)
    _private_folder(directory)
    _init_audit(directory, period)
    _write_once(directory / f"kek-{period}.key", new_secret(), 0o600)
    _write_once(directory / "lookup.key", new_secret(), 0o600)


def _init_audit(directory: Path, period: str) -> None:
    """Key the audit of a new folder, one without any key, from the first entry on."""
    if not periods_in(directory, "audit-"):
        _write_once(directory / f"audit-{period}.key", new_secret(), 0o600)
    is_new = not (directory / "lookup.key").exists()
    since = datetime.now(UTC) + (timedelta() if is_new else UPDATE_WITHIN)
    _write_once(directory / "audit.since", since.isoformat(timespec="seconds"), 0o600)


def init_edge_names(directory: Path, secret: str) -> None:
    """Give a service the secret in the names of its queues at the edge, where it has none yet."""
    _private_folder(directory)
    _write_once(directory / _EDGE_NAMES, secret, 0o600)


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


def _init_pair(private_file: Path, private: str, public_file: Path, public_of: Callable[[str], str]) -> None:
    _private_folder(private_file.parent)
    public_file.parent.mkdir(parents=True, exist_ok=True)
    _write_once(private_file, private, 0o600)
    _write_once(public_file, public_of(_text(private_file)), 0o644)


def init_onboarding(private_file: Path, trusting: Iterable[Path], name: str) -> None:
    """Make the pair that outsiders' keys are vouched for with, and its public half for each service that trusts it; once.

    Where a service trusts a key already, none is made: the private half may be kept elsewhere.
    """
    folders = list(trusting)
    if not private_file.exists() and any(list(folder.glob("onboarding-*.pub")) for folder in folders):
        return
    _private_folder(private_file.parent)
    _write_once(private_file, signing.new_key(), 0o600)
    for folder in folders:
        trust_onboarding(folder, name, signing.public_of(_text(private_file)))


def trust_onboarding(directory: Path, name: str, public_b64: str) -> None:
    """Let a service trust an onboarding key; raises InvalidInput when it is none, and never takes another's place."""
    signing.key_id(public_b64)
    _private_folder(directory)
    _write_once(directory / f"onboarding-{name}.pub", public_b64, 0o600)


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
    publics = [b64encode(_bytes(path)).decode() for path in sorted(directory.glob("onboarding-*.pub"))]
    return {signing.key_id(public): public for public in publics}


def load_keks(directory: Path) -> dict[str, bytes]:
    """Load all key-encryption keys of a service by period; raises Misconfigured when there is none or one is open to others."""
    return _keys_of(directory, "kek-", "key-encryption key")


def load_edge_names(directory: Path) -> str:
    """Return the secret in a service's queue names at the edge. Raises Misconfigured when it is missing or open to others."""
    refuse_open(directory / _EDGE_NAMES)
    return _text(directory / _EDGE_NAMES)


def load_lookup(directory: Path) -> bytes:
    """Return the key of a service's keyed hashes. Raises Misconfigured when it is missing or open to others."""
    return _key(directory / "lookup.key")


def load_audit(directory: Path) -> Keys:
    """Return the keys of a service's audit. Raises Misconfigured when one is missing, open to others or no key."""
    keys = _keys_of(directory, "audit-", "key of the audit")
    path = directory / "audit.since"
    refuse_open(path)
    try:
        since = datetime.fromisoformat(_text(path))
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


def new_secret() -> str:
    """Return a new key-encryption key or key of an audit, as its file holds it."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def periods_in(directory: Path, prefix: str) -> list[str]:
    """Return the periods that a folder has a private key of this kind for, the oldest first."""
    return list(_by_period(directory, prefix, ".key"))


def _by_period(directory: Path, prefix: str, suffix: str) -> dict[str, Path]:
    files = {path.name[len(prefix) : -len(suffix)]: path for path in sorted(directory.glob(f"{prefix}*{suffix}"))}
    return {period: path for period, path in files.items() if _PERIOD.fullmatch(period)}


def _keys_of(directory: Path, prefix: str, what: str) -> dict[str, bytes]:
    return {period: _key(path) for period, path in _files_of(directory, prefix, ".key", what).items()}


def _files_of(directory: Path, prefix: str, suffix: str, what: str) -> dict[str, Path]:
    """Return the files of a folder by period. Raises Misconfigured when there is none."""
    files = _by_period(directory, prefix, suffix)
    if not files:
        raise Misconfigured(f"The folder {directory} has no {what} ({prefix}<period>{suffix}).{_WAY_OUT}")
    return files


def _check_period(period: str) -> None:
    if not _PERIOD.fullmatch(period):
        raise Misconfigured("A key period is a year and a month, such as 2026-11.")


def _private_folder(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)


def _write_once(path: Path, text: str, mode: int) -> None:
    """Write whole or not at all, and never over an existing key: a link fails where a rename would overwrite."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process made it meanwhile; its key stays
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _key(path: Path) -> bytes:
    refuse_open(path)
    return _bytes(path)


def refuse_open(path: Path) -> None:
    """Raise Misconfigured when a key file is not there or other users may read it."""
    with readable(f"The key file {path}", _WAY_OUT):
        mode = path.stat().st_mode
    if mode & 0o077:
        raise Misconfigured(f"The key file {path} is open to other users (mode {mode & 0o777:o}). Run `chmod 600 {path}`.")


def _text(path: Path) -> str:
    try:
        with readable(f"The key file {path}", _WAY_OUT):
            return path.read_text("ascii").strip()
    except UnicodeDecodeError:
        raise _not_a_key(path) from None


def _bytes(path: Path) -> bytes:
    try:
        key = b64decode(_text(path), validate=True)
    except ValueError:
        raise _not_a_key(path) from None
    if len(key) != KEY_BYTES:
        raise _not_a_key(path)
    return key


def _not_a_key(path: Path) -> Misconfigured:
    return Misconfigured(f"The key file {path} does not hold {KEY_BYTES} bytes in base64.")
