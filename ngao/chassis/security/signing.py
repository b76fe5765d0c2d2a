"""Signatures: Ed25519 (RFC 8032), keys and signatures as base64.

What is signed begins with a word for its purpose, so that a signature for one purpose is none for another.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.security import seals

key_id = seals.key_id
"""A key to sign with is named as a key to seal to is."""


def new_key() -> str:
    """Return a new private key."""
    return b64encode(bytes(SigningKey.generate())).decode()


def public_of(private_b64: str) -> str:
    """Return the public half of a private key. Raises Misconfigured when it is no key."""
    return b64encode(bytes(_private(private_b64).verify_key)).decode()


def sign(private_b64: str, purpose: bytes, content: bytes) -> str:
    """Return the signature of a content for a purpose. Raises Misconfigured when the key is no key."""
    return b64encode(_private(private_b64).sign(purpose + content).signature).decode()


def verifies(public_b64: str, purpose: bytes, content: bytes, signature_b64: str) -> bool:
    """Return True if this key signed this content for this purpose; False also for an invalid key or signature."""
    try:
        seals.public_key(VerifyKey, public_b64).verify(purpose + content, b64decode(signature_b64, validate=True))
    except (CryptoError, InvalidInput, ValueError, TypeError):
        return False
    return True


def _private(private_b64: str) -> SigningKey:
    return seals.key_of(SigningKey, private_b64, Misconfigured("The signing key is not 32 bytes in base64."))
