"""How an event carries the signature of the service that publishes it.

Two extension attributes: `signaturekid` names the key, `signature` is Ed25519 over the document's exact bytes without it. The
signature is always the last member, so that a verifier removes the last member and needs no canonical JSON:

    {"specversion":"1.0",...,"signaturekid":"0f3a...","data":{...}}                     what is signed, after PURPOSE
    {"specversion":"1.0",...,"signaturekid":"0f3a...","data":{...},"signature":"..."}   what is published
"""

from __future__ import annotations

import re
from dataclasses import replace

from ngao.contracts.envelope import Event, encode

PURPOSE = b"ngao.event.v1\n"
_LAST = re.compile(rb',"signature":"([A-Za-z0-9+/]{86}==)"\}\Z')


def to_sign(event: Event, key_id: str) -> bytes:
    """Return the document that is signed: the event with the name of the key that signs it."""
    return encode(replace(event, signaturekid=key_id))


def with_signature(document: bytes, signature: str) -> bytes:
    """Return the document with its signature as the last member."""
    return document[:-1] + b',"signature":"' + signature.encode("ascii") + b'"}'


def taken_apart(body: bytes) -> tuple[bytes, str] | None:
    """Return the document that was signed and its signature; None for a body that carries none."""
    found = _LAST.search(body)
    return (body[: found.start()] + b"}", found[1].decode("ascii")) if found else None
