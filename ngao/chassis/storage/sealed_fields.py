"""Sensitive fields, sealed so that a value opens only in the very place it was written to.

    byte 0        version (1)
    bytes 1-16    data key id
    bytes 17-28   nonce, random
    bytes 29-     AES-256-GCM ciphertext and tag (NIST SP 800-38D)

The associated data binds service, collection, field, document id and data key id: a value copied to another row,
field, collection or service fails closed. Random nonces are safe to about 2^32 values a key (SP 800-38D, 8.3); a key
serves one person.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.exceptions import InvalidTag

from ngao.chassis.errors import SealBroken
from ngao.chassis.storage.keyring import KEY_ID_BYTES, NONCE_BYTES, DataKey, Keyring, joined

VERSION = b"\x01"
_NONCE_AT = 1 + KEY_ID_BYTES
_TEXT_AT = _NONCE_AT + NONCE_BYTES
_TAG_BYTES = 16


Register = Callable[[str, dict[str, Any]], None]


class Sealer:
    """Seals and opens fields within one unit of work; a scope's first value brings its data key along, to be inserted with it.

    When another unit makes the same scope's key first, the unique index turns this unit's commit into a Conflict,
    and its rerun, with a sealer of its own, finds the other's key.
    """

    def __init__(self, keyring: Keyring, register_insert: Register, carry: Register) -> None:
        self._keyring, self._register_insert, self._carry = keyring, register_insert, carry
        self._epoch = keyring.epoch
        self._fresh: dict[str, DataKey] = {}

    def seal(self, scope: str, collection: str, document_id: str, field: str, plaintext: bytes) -> bytes:
        """Seal one field's bytes under its scope's data key."""
        key = self._find(scope) or self._make(scope, self._register_insert)
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = self._bound_to(collection, field, document_id, key.id)
        return VERSION + key.id + nonce + key.cipher.encrypt(nonce, plaintext, bound)

    def create_key(self, scope: str) -> None:
        """Create the data key of a scope that is new in this unit: none is looked up, and a line of the journal carries it."""
        if scope not in self._fresh:
            self._make(scope, self._carry)

    def open(self, scope: str, collection: str, document_id: str, field: str, ciphertext: bytes) -> bytes:
        """Open one field's bytes; raises SealBroken when they are erased, altered, or from another place."""
        if len(ciphertext) < _TEXT_AT + _TAG_BYTES or ciphertext[:1] != VERSION:
            raise SealBroken("not a sealed field of a known version")
        key_id, nonce, text = ciphertext[1:_NONCE_AT], ciphertext[_NONCE_AT:_TEXT_AT], ciphertext[_TEXT_AT:]
        key = self._find(scope)
        if key is None or key.id != key_id:
            raise SealBroken("the field's data key is destroyed, or it belongs to another scope")
        try:
            return key.cipher.decrypt(nonce, text, self._bound_to(collection, field, document_id, key_id))
        except InvalidTag:
            raise SealBroken("the field is altered, or was sealed for another place") from None

    def prefetch(self, scopes: Iterable[str]) -> None:
        """Bring many scopes' keys in with one query, before opening their fields one by one."""
        self._keyring.prefetch(scope for scope in scopes if scope not in self._fresh)

    def committed(self) -> None:
        """Publish the new data keys after the commit: they are shared now, and subject to erasure like all others."""
        for scope, key in self._fresh.items():
            self._keyring.keep(scope, key, self._epoch)
        self._fresh.clear()

    def _find(self, scope: str) -> DataKey | None:
        return self._fresh.get(scope) or self._keyring.find(scope)

    def _make(self, scope: str, register: Register) -> DataKey:
        key, document = self._keyring.new(scope)
        register(self._keyring.collection, document)
        self._fresh[scope] = key
        return key

    def _bound_to(self, collection: str, field: str, document_id: str, key_id: bytes) -> bytes:
        parts = (self._keyring.service, collection, field, document_id)
        return joined(*(part.encode() for part in parts), key_id)
