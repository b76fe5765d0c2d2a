"""Every secret value of a secrets folder, as bytes to search for."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from pathlib import Path

_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", re.DOTALL)
_OPEN = {"public"}
_NOT_SECRET = {"ngao.env", "operators.json", "ca.pem", "cert.pem"}


def values(folder: Path) -> dict[bytes, str]:
    """What is secret, and in which file it stands."""
    found: dict[bytes, str] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        inside = path.relative_to(folder)
        if inside.parts[0] not in _OPEN and path.name not in _NOT_SECRET:
            found |= dict.fromkeys(_of(path), str(inside))
    return found


def _of(path: Path) -> Iterator[bytes]:
    """A private key is known by its lines, a key in base64 also by its bytes."""
    text = path.read_text("utf-8").strip()
    if path.name == "definitions.json":
        yield from (user["password_hash"].encode() for user in json.loads(text)["users"])
    elif "PRIVATE KEY" in text:
        for block in _KEY_BLOCK.findall(text):
            yield from (line.encode() for line in block.splitlines() if len(line) > 30)
    else:
        yield text.encode()
        try:
            yield base64.b64decode(text, validate=True)
        except binascii.Error:
            return
