"""A partner's own key pairs, and whom a source seals to.

A pair is made here, the private half never leaves, only the public half is onboarded. Disclosures come as libsodium sealed
boxes. Several private keys may lie side by side, so that a pair can be changed while boxes for the earlier one are still on
their way.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from ngao.client.errors import BadAccount, SealBroken

_PATTERN = "partner-*.key"


def keygen(directory: Path) -> tuple[str, Path, Path]:
    """Make a key pair in a folder; gives the key id, the private file (0600) and the public file, to be onboarded."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = PrivateKey.generate()
    key_id = key_id_of(private.public_key)
    private_file, public_file = directory / f"partner-{key_id}.key", directory / f"partner-{key_id}.pub"
    _write_new(private_file, bytes(private), 0o600)
    _write_new(public_file, bytes(private.public_key), 0o644)
    return key_id, private_file, public_file


def key_id_of(public: PublicKey) -> str:
    """A public key's short name: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(bytes(public)).hexdigest()[:16]


class Keys:
    """The private keys of one partner, by key id."""

    def __init__(self, private: Mapping[str, PrivateKey]) -> None:
        self._private = dict(private)

    @classmethod
    def from_directory(cls, directory: Path) -> Keys:
        """Read all `partner-*.key` files of a folder; raises BadAccount for one that others may read or that is no key."""
        keys = [_read(path) for path in sorted(directory.glob(_PATTERN))]
        return cls({key_id_of(key.public_key): key for key in keys})

    @property
    def ids(self) -> tuple[str, ...]:
        """The key ids that can be opened."""
        return tuple(self._private)

    def open(self, key_id: str, box_b64: str) -> bytes:
        """Open a sealed box; raises SealBroken when the key is not here or the box is not for it."""
        private = self._private.get(key_id)
        if private is None:
            raise SealBroken(f"The disclosure is sealed to key {key_id}, whose private file is not in the keys folder.")
        try:
            return SealedBox(private).decrypt(b64decode(box_b64, validate=True))
        except (CryptoError, binascii.Error, ValueError):
            raise SealBroken("The disclosure does not open with the key it names.") from None


class Recipient:
    """Somebody's public key, to seal to: anyone may, and only its holder opens."""

    def __init__(self, key_id: str, public: PublicKey) -> None:
        self.key_id = key_id
        self._public = public

    @classmethod
    def from_mapping(cls, content: Any) -> Recipient:
        """Check `{"key_id": ..., "public_key": <base64>}`; raises BadAccount, also when the two do not belong together."""
        try:
            public = PublicKey(b64decode(content["public_key"], validate=True))
            named = content["key_id"]
        except (CryptoError, binascii.Error, ValueError, TypeError, KeyError):
            raise BadAccount("The account's seal_to must hold a key_id and a public_key, 32 bytes in base64.") from None
        if named != key_id_of(public):
            raise BadAccount("The account's seal_to names another key_id than its public_key has.")
        return cls(named, public)

    def seal(self, content: bytes) -> str:
        """A sealed box, base64."""
        return b64encode(SealedBox(self._public).encrypt(content)).decode()


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise BadAccount(f"The key file {path} cannot be made ({error.strerror}).") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(content) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> PrivateKey:
    if path.stat().st_mode & 0o077:
        raise BadAccount(f"The key file {path} is open to other users. Run `chmod 600 {path}`.")
    try:
        return PrivateKey(b64decode(path.read_bytes().strip(), validate=True))
    except (CryptoError, binascii.Error, ValueError):
        raise BadAccount(f"The key file {path} does not hold 32 bytes in base64.") from None
