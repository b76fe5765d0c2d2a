"""Close what was written with the key in a browser's cookie: AES-256-GCM (SP 800-38D), bound to its id and to whose it is."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ngao.chassis.storage.sealed_fields import VERSION
from services.console.kept.model import KEPT_FOR, KeptForm, Written, read_written

_KEY_BYTES, _NONCE_BYTES = 32, 12


def new_key() -> str:
    """Return a key for a browser's cookie. The service forgets it."""
    return secrets.token_urlsafe(_KEY_BYTES)


def close(key: str, whose: str, what: Written, now: datetime) -> KeptForm:
    """Return what was written as it is stored. The same form from the same browser has the same id, so it is kept once."""
    plain, raw = what.as_bytes(), _raw(key)
    form_id = hmac.new(raw, plain, sha256).hexdigest()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    body = VERSION + nonce + AESGCM(raw).encrypt(nonce, plain, _bound(form_id, whose))
    return KeptForm(form_id, whose, body, now + KEPT_FOR)


def open_kept(key: str, form: KeptForm) -> Written | None:
    """Return what was written, or None if another browser wrote it."""
    sealed = form.body.removeprefix(VERSION)
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return read_written(AESGCM(_raw(key)).decrypt(nonce, text, _bound(form.id, form.whose)))
    except InvalidTag:
        return None


def _raw(key: str) -> bytes:
    return urlsafe_b64decode(key + "=")


def _bound(form_id: str, whose: str) -> bytes:
    return f"{form_id}:{whose}".encode()
