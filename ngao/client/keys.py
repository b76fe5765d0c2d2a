"""A partner's own key pairs, and the key that a source seals to.

A pair is created here. Its private half never leaves, only the public half is onboarded. Disclosures are libsodium sealed boxes.
Several private keys can exist side by side, so that a pair can be rotated while boxes for the earlier one are in transit.
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
from nacl.signing import SigningKey, VerifyKey

from ngao.client.errors import BadAccount, SealBroken, SignatureBroken
from ngao.contracts import Event, signed, type_named
from ngao.kernel import acceptance

_PATTERN = "partner-*.key"
_SIGNING = "signing-*.key"
_KEY_BYTES = 32


def keygen(directory: Path) -> tuple[str, Path, Path]:
    """Create a key pair in a folder. Return the key id, the private file (0600) and the public file, which is to be onboarded.

    The pair that signs acceptances is created beside it, if there is none yet.
    """
    private = PrivateKey.generate()
    made = _write_pair(directory, "partner", bytes(private), bytes(private.public_key))
    signing_keygen(directory)
    return made


def signing_keygen(directory: Path) -> tuple[str, Path, Path]:
    """Create the pair that signs acceptances, if there is none. Return the key id, the private and the public file."""
    if known := sorted(directory.glob(_SIGNING)):
        return known[0].stem.partition("-")[2], known[0], known[0].with_suffix(".pub")
    private = SigningKey.generate()
    return _write_pair(directory, "signing", bytes(private), bytes(private.verify_key))


def _id_of(public: bytes) -> str:
    """Return a public key's short name: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


class Keys:
    """The private keys of one partner by key id, and the key that signs its acceptances."""

    def __init__(self, private: Mapping[str, PrivateKey], signing: SigningKey | None = None) -> None:
        self._private = dict(private)
        self._signing = signing

    @classmethod
    def from_directory(cls, directory: Path) -> Keys:
        """Read all `partner-*.key` files and the `signing-*.key` of a folder.

        Raises BadAccount for a file that other users can read or that is no key, and for two signing keys.
        """
        keys = [PrivateKey(_read(path)) for path in sorted(directory.glob(_PATTERN))]
        signing = [SigningKey(_read(path)) for path in sorted(directory.glob(_SIGNING))]
        if len(signing) > 1:
            raise BadAccount(f"The folder {directory} has several signing keys (signing-*.key). Keep only the onboarded one.")
        return cls({_id_of(bytes(key.public_key)): key for key in keys}, signing[0] if signing else None)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of our private keys."""
        return tuple(self._private)

    @property
    def can_sign(self) -> bool:
        """True if there is a signing key."""
        return self._signing is not None

    def accepts(self, partner_id: str, offer_id: str, case_ref: str) -> dict[str, str]:
        """Return the `signature` and `signature_key_id` of an acceptance: nothing without a signing key."""
        if self._signing is None:
            return {}
        signed = self._signing.sign(acceptance.PURPOSE + acceptance.to_sign(partner_id, offer_id, case_ref)).signature
        return {"signature": b64encode(signed).decode(), "signature_key_id": _id_of(bytes(self._signing.verify_key))}

    def open(self, key_id: str, box_b64: str) -> bytes:
        """Open a sealed box. Raises SealBroken if the key is not here or the box is not for it."""
        private = self._private.get(key_id)
        if private is None:
            raise SealBroken(f"The disclosure is sealed to key {key_id}, but the keys folder has no private file for it.")
        try:
            return SealedBox(private).decrypt(b64decode(box_b64, validate=True))
        except (CryptoError, binascii.Error, ValueError):
            raise SealBroken("The disclosure does not open with the key that it names.") from None


class PlatformKeys:
    """The public keys that verify the services' events, by key id, each with its service."""

    def __init__(self, keys: Mapping[str, tuple[str, VerifyKey]]) -> None:
        self._keys = dict(keys)

    @classmethod
    def from_list(cls, content: Any) -> PlatformKeys:
        """Check `[{"service": ..., "key_id": ..., "public_key": <base64>}, ...]`. Raises BadAccount."""
        try:
            keys = {str(each["key_id"]): (str(each["service"]), _verifying(each["public_key"])) for each in content}
        except (CryptoError, binascii.Error, ValueError, TypeError, KeyError):
            raise BadAccount("The account's signed_by must list services with key_id and public_key.") from None
        if any(key_id != _id_of(bytes(key)) for key_id, (_, key) in keys.items()):
            raise BadAccount("A key_id in the account's signed_by does not match its public_key.")
        return cls(keys)

    def demand(self, event: Event, body: bytes) -> None:
        """Raise SignatureBroken for an event without a signature of the service that owns its type. Without keys, all pass."""
        if not self._keys:
            return
        apart, (service, key) = signed.taken_apart(body), self._keys.get(event.signaturekid or "", ("", None))
        if apart is None or key is None or service != type_named(event.type).owner:
            raise SignatureBroken("The event has no signature of the service that owns its type.")
        document, signature = apart
        try:
            key.verify(signed.PURPOSE + document, b64decode(signature, validate=True))
        except CryptoError:
            raise SignatureBroken("The event's signature does not match its content.") from None


def _verifying(public_b64: str) -> VerifyKey:
    return VerifyKey(b64decode(public_b64, validate=True))


class Recipient:
    """A public key to seal to. Only its owner opens the box."""

    def __init__(self, key_id: str, public: PublicKey) -> None:
        self.key_id = key_id
        self._public = public

    @classmethod
    def from_mapping(cls, content: Any) -> Recipient:
        """Check `{"key_id": ..., "public_key": <base64>}`. Raises BadAccount, also if the two do not match."""
        try:
            public = PublicKey(b64decode(content["public_key"], validate=True))
            named = content["key_id"]
        except (CryptoError, binascii.Error, ValueError, TypeError, KeyError):
            raise BadAccount("The account's seal_to must have a key_id and a public_key, 32 bytes in base64.") from None
        if named != _id_of(bytes(public)):
            raise BadAccount("The key_id in the account's seal_to does not match its public_key.")
        return cls(named, public)

    def seal(self, content: bytes) -> str:
        """Return a sealed box, base64."""
        return b64encode(SealedBox(self._public).encrypt(content)).decode()


def _write_pair(directory: Path, kind: str, private: bytes, public: bytes) -> tuple[str, Path, Path]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id = _id_of(public)
    private_file, public_file = directory / f"{kind}-{key_id}.key", directory / f"{kind}-{key_id}.pub"
    _write_new(private_file, private, 0o600)
    _write_new(public_file, public, 0o644)
    return key_id, private_file, public_file


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise BadAccount(f"Cannot create the key file {path} ({error.strerror}).") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(content) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def refuse_open(path: Path, what: str) -> None:
    """Raise BadAccount for a secret that other users can read."""
    if path.stat().st_mode & 0o077:
        raise BadAccount(f"The {what} file {path} is readable by other users. Run `chmod 600 {path}`.")


def _read(path: Path) -> bytes:
    refuse_open(path, "key")
    try:
        key = b64decode(path.read_bytes().strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadAccount(f"The key file {path} must have 32 bytes in base64.")
    return key
