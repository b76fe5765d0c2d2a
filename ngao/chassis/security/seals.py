"""Sealing to one recipient: libsodium sealed boxes (X25519, XSalsa20-Poly1305; doc.libsodium.org, "Sealed boxes").

Anyone may seal, only the holder of the private key opens, and the sender's own key dies with the call: a service
cannot open again what it has sealed to another.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TypeVar

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from ngao.chassis.errors import InvalidInput, NgaoError, SealBroken

K = TypeVar("K")


def new_key_pair() -> tuple[str, str]:
    """Return a new recipient: private and public key, base64 of 32 bytes each."""
    private = PrivateKey.generate()
    return b64encode(bytes(private)).decode(), b64encode(bytes(private.public_key)).decode()


def public_of(private_key_b64: str) -> str:
    """Return the public half of a private key, base64. Raises SealBroken when it is no key."""
    return b64encode(bytes(_private(private_key_b64).public_key)).decode()


def key_id(public_b64: str) -> str:
    """Return a public key's short name: the first 16 hex digits of its SHA-256. Raises InvalidInput when it is no key."""
    return hashlib.sha256(bytes(public_key(PublicKey, public_b64))).hexdigest()[:16]


def seal_to(public_key_b64: str, plaintext: bytes) -> str:
    """Seal bytes to a public key; the box comes as base64. Raises InvalidInput when the key is no key."""
    return b64encode(SealedBox(public_key(PublicKey, public_key_b64)).encrypt(plaintext)).decode()


def open_box(private_key_b64: str, box_b64: str) -> bytes:
    """Open a box made for this private key; raises SealBroken for another's, an altered or a malformed one."""
    try:
        return SealedBox(_private(private_key_b64)).decrypt(b64decode(box_b64, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise SealBroken("the box does not open with this key") from None


def _private(private_b64: str) -> PrivateKey:
    return key_of(PrivateKey, private_b64, SealBroken("the private key is not 32 bytes in base64"))


def public_key(kind: Callable[[bytes], K], public_b64: str) -> K:
    """Return a public key of this kind. Raises InvalidInput when it is no key."""
    return key_of(kind, public_b64, InvalidInput("the public key is not 32 bytes in base64"))


def key_of(kind: Callable[[bytes], K], key_b64: str, otherwise: NgaoError) -> K:
    """Return a key of this kind from its text. Raises `otherwise` when it is none."""
    try:
        return kind(b64decode(key_b64, validate=True))
    except (CryptoError, ValueError, TypeError):
        raise otherwise from None
