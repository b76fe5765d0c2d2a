"""Sealing to one recipient: libsodium sealed boxes (X25519, XSalsa20-Poly1305; doc.libsodium.org, "Sealed boxes").

Anyone may seal, only the holder of the private key opens, and the sender's own key dies with the call: a service
cannot open again what it has sealed to another.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from ngao.chassis.errors import InvalidInput, SealBroken


def new_key_pair() -> tuple[str, str]:
    """Return a new recipient: private and public key, base64 of 32 bytes each."""
    private = PrivateKey.generate()
    return b64encode(bytes(private)).decode(), b64encode(bytes(private.public_key)).decode()


def public_of(private_key_b64: str) -> str:
    """Return the public half of a private key, base64. Raises SealBroken when it is no key."""
    return b64encode(bytes(_private(private_key_b64).public_key)).decode()


def key_id(public_b64: str) -> str:
    """Return a public key's short name: the first 16 hex digits of its SHA-256. Raises InvalidInput when it is no key."""
    return hashlib.sha256(bytes(_public(public_b64))).hexdigest()[:16]


def seal_to(public_key_b64: str, plaintext: bytes) -> str:
    """Seal bytes to a public key; the box comes as base64. Raises InvalidInput when the key is no key."""
    return b64encode(SealedBox(_public(public_key_b64)).encrypt(plaintext)).decode()


def open_box(private_key_b64: str, box_b64: str) -> bytes:
    """Open a box made for this private key; raises SealBroken for another's, an altered or a malformed one."""
    try:
        return SealedBox(_private(private_key_b64)).decrypt(b64decode(box_b64, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise SealBroken("the box does not open with this key") from None


def _public(public_b64: str) -> PublicKey:
    try:
        return PublicKey(b64decode(public_b64, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise InvalidInput("the public key is not 32 bytes in base64") from None


def _private(private_b64: str) -> PrivateKey:
    try:
        return PrivateKey(b64decode(private_b64, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise SealBroken("the private key is not 32 bytes in base64") from None
