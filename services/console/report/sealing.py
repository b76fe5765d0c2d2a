"""Answers travel in the page's own form, encrypted: the console stores none, and the browser can read none.

AES-256-GCM (NIST SP 800-38D) under a key that the keyring derives for one account. The session is inside: answers of an earlier
session of the same person open, so that a person who has to sign in again during a call loses nothing, and are shown before
anything is sent. Those of another account, altered ones and old ones do not open.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.console.report.model import Answers, as_record, from_record
from services.console.sessions.model import LONGEST

_NONCE_BYTES = 12
_PURPOSE = b"ngao console answers v1"
_BEGINS_EARLY = timedelta(minutes=1)


class Hashes(Protocol):
    """The part of a keyring that gives keys."""

    def lookup_hash(self, kind: str, value: str) -> str:
        """Return the keyed hash of a value, in hex: 32 bytes."""


@dataclass(frozen=True)
class Opened:
    """Answers, and whether the present session wrote them."""

    answers: Answers
    is_own_session: bool


def seal(keys: Hashes, account_id: str, session_id: str, answers: Answers, now: datetime) -> str:
    """Return answers as a form carries them."""
    content = {"session": session_id, "at": now.isoformat(), "answers": as_record(answers)}
    nonce = secrets.token_bytes(_NONCE_BYTES)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(nonce + _cipher(keys, account_id).encrypt(nonce, text, _PURPOSE)).decode()


def open_sealed(keys: Hashes, account_id: str, session_id: str, sealed: str, now: datetime) -> Opened | None:
    """Return the answers; None for what this account did not write, what was altered, and what is older than any session."""
    try:
        given = b64decode(sealed.encode("ascii"), b"-_", validate=True)
        text = _cipher(keys, account_id).decrypt(given[:_NONCE_BYTES], given[_NONCE_BYTES:], _PURPOSE)
    except (InvalidTag, ValueError):
        return None
    content = json.loads(text)
    age = now - datetime.fromisoformat(content["at"])
    if not -_BEGINS_EARLY <= age < LONGEST:
        return None
    return Opened(from_record(content["answers"]), content["session"] == session_id)


def _cipher(keys: Hashes, account_id: str) -> AESGCM:
    return AESGCM(bytes.fromhex(keys.lookup_hash("answers of a report", account_id)))
