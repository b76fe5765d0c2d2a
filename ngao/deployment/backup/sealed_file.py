"""One sealed file: gzip inside age (age-encryption.org/v1), so that other tools open it, too.

    age -d -i backup.key intake.backup | gunzip

age seals the key of each file to the backup's public key (X25519), and its content in pieces (ChaCha20-Poly1305) that can be
neither altered, moved nor left out unnoticed. The last piece says that it is the last: a file that was cut off has none.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pyrage

from ngao.chassis.errors import Misconfigured

_LEVEL, _GZIP = 3, 31
_AT_ONCE = 256 * 1024
_BEFORE = (
    "If it is of an earlier version, move both halves away, run `ngao secrets init` (on one machine `ngao up`), "
    "and keep the old `backup.key`"
)


def new_key() -> str:
    """Make a private key, in age's own form."""
    return str(pyrage.x25519.Identity.generate())


def public_of(private_key: str) -> str:
    """Give the public half of a private key. Raises Misconfigured."""
    return str(_identity(private_key).to_public())


def key_id(public_key: str) -> str:
    """Give a public key's short name: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def write(path: Path, public_key: str, content: Iterable[bytes]) -> None:
    """Seal the content into a new file. A file whose writing broke off has no last piece. Raises Misconfigured."""
    try:
        recipient = pyrage.x25519.Recipient.from_str(public_key)
    except pyrage.RecipientError:
        raise Misconfigured(f"`backup.pub` is no public key of age. {_BEFORE}.") from None
    path.touch(mode=0o600)
    source = _Source(_packed(content))
    with path.open("wb") as file:
        try:
            pyrage.encrypt_io(source, file, [recipient])
        except pyrage.EncryptError:
            raise source.failure or Misconfigured(f"{path} could not be sealed.") from None


def read(path: Path, private_key: str) -> Iterator[bytes]:
    """Yield the content; it is whole only when this ends without an error. Raises Misconfigured, naming the file."""
    identity = _identity(private_key)
    inlet, outlet = os.pipe()
    with ThreadPoolExecutor(1) as pool, os.fdopen(inlet, "rb", buffering=0) as opened:
        opening = pool.submit(_open, path, identity, outlet)
        unpack = zlib.decompressobj(wbits=_GZIP)
        try:
            for piece in iter(partial(opened.read, _AT_ONCE), b""):
                yield from _unpacked(unpack, piece)
        except zlib.error:
            raise _broken(path) from None
        finally:
            opened.close()  # so that the writing end stops when the reader stops
        if error := opening.exception():
            if isinstance(error, pyrage.DecryptError) and "No matching keys" in str(error):
                other = "is sealed to another key than the one given: give the `backup.key` of its time"
                raise Misconfigured(f"{path} {other}.")
            raise _broken(path)
    if not unpack.eof or unpack.unused_data:
        raise _broken(path)


class _Source(io.RawIOBase):
    """What pyrage reads from; it remembers why it failed, which pyrage reports as an error of its own."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._piece = pieces, b""
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            while not self._piece:
                self._piece = next(self._pieces)
        except StopIteration:
            return 0
        except Exception as error:
            self.failure = error
            raise
        count = min(len(into), len(self._piece))
        into[:count], self._piece = self._piece[:count], self._piece[count:]
        return count


def _packed(content: Iterable[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(_LEVEL, wbits=_GZIP)
    yield from map(pack.compress, content)
    yield pack.flush()


def _unpacked(unpack: Any, piece: bytes) -> Iterator[bytes]:
    """Unpack in bounded steps, whatever a piece claims to unpack to."""
    if unpack.eof:
        raise zlib.error("there is more after the end")
    while piece and not unpack.eof:
        yield unpack.decompress(piece, _AT_ONCE)
        piece = unpack.unconsumed_tail


def _open(path: Path, identity: Any, outlet: int) -> None:
    with path.open("rb") as file, os.fdopen(outlet, "wb", buffering=0) as into:
        pyrage.decrypt_io(file, into, [identity])


def _broken(path: Path) -> Misconfigured:
    way_out = "fetch it again from where it was copied, or take another backup"
    return Misconfigured(f"{path} is cut off, damaged or was altered: {way_out}.")


def _identity(private_key: str) -> Any:
    try:
        return pyrage.x25519.Identity.from_str(private_key)
    except pyrage.IdentityError:
        raise Misconfigured(f"The backup's key is no key of age: give `backup.key` as it was made. {_BEFORE}.") from None
