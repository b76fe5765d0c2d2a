"""One sealed file: a stream of bytes, compressed, in pieces that can be neither altered, moved, nor left out unnoticed.

    magic | length, JSON head | secretstream header | (length, piece)*        lengths are four bytes, big-endian

The key of the stream is new for each file and sealed to the backup's public key (libsodium sealed box); the stream is
libsodium's secretstream (XChaCha20-Poly1305, doc.libsodium.org, "Encrypted streams"). The head belongs to the first piece, and
the last piece says that it is the last: a file that was cut off has none.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from ngao.chassis.errors import Misconfigured, SealBroken
from ngao.chassis.security import seals

MAGIC = b"NGAO-BACKUP-1\n"
_PIECE = 1024 * 1024
_LEVEL = 3
_LENGTH = struct.Struct(">I")
_LONGEST_HEAD = 64 * 1024
_LAST = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MORE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_OVERHEAD = sodium.crypto_secretstream_xchacha20poly1305_ABYTES


class Writer:
    """Writes one sealed file. Until it is closed without an error it has no last piece, and nobody takes it for whole."""

    def __init__(self, path: Path, public_key: str, head: Mapping[str, Any]) -> None:
        self._path = path
        self._head = {**head, "key_id": seals.key_id(public_key)}
        self._public_key = public_key
        self._waiting = bytearray()
        self._pack = zlib.compressobj(_LEVEL)
        self._digest = hashlib.sha256()
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The hash of all that was written."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        self._path.touch(mode=0o600)
        self._file = self._path.open("wb")
        key = sodium.crypto_secretstream_xchacha20poly1305_keygen()
        head = json.dumps({**self._head, "key": seals.seal_to(self._public_key, key)}).encode()
        self._put(MAGIC + _LENGTH.pack(len(head)) + head)
        self._put(sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, key))
        self._bound: bytes | None = head
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                self._waiting += self._pack.flush()
                self._seal_all()
                self._seal(bytes(self._waiting), _LAST)

    def write(self, content: bytes) -> None:
        """Add to the stream."""
        self._waiting += self._pack.compress(content)
        self._seal_all()

    def _seal_all(self) -> None:
        while len(self._waiting) > _PIECE:
            piece, self._waiting = bytes(self._waiting[:_PIECE]), self._waiting[_PIECE:]
            self._seal(piece, _MORE)

    def _seal(self, piece: bytes, tag: int) -> None:
        sealed = sodium.crypto_secretstream_xchacha20poly1305_push(self._state, piece, self._bound, tag)
        self._bound = None
        self._put(_LENGTH.pack(len(sealed)) + sealed)

    def _put(self, content: bytes) -> None:
        self._digest.update(content)
        self.size += len(content)
        self._file.write(content)


class Reader:
    """Reads one sealed file. Raises Misconfigured, in a sentence that names the file, for whatever is not as it was written."""

    def __init__(self, path: Path, private_key: str) -> None:
        self._path = path
        with path.open("rb") as file:
            self.head, self._bound = self._read_head(file)
            self._start = file.tell()
        self._key = self._open_key(private_key)

    def content(self) -> Iterator[bytes]:
        """The stream from its beginning, in pieces of any length; whole only when this ends without an error."""
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        unpack = zlib.decompressobj()
        with self._path.open("rb") as file:
            file.seek(self._start)
            header = self._exactly(file, sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, self._key)
            for piece in self._pieces(file, state):
                yield from self._unpacked(unpack, piece)
        if not unpack.eof:
            raise self._broken()

    def _pieces(self, file: IO[bytes], state: Any) -> Iterator[bytes]:
        bound: bytes | None = self._bound
        tag = _MORE
        while tag != _LAST:
            (length,) = _LENGTH.unpack(self._exactly(file, _LENGTH.size))
            if not _OVERHEAD <= length <= _PIECE + _OVERHEAD:
                raise self._broken()
            sealed = self._exactly(file, length)
            try:
                piece, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed, bound)
            except (CryptoError, ValueError, RuntimeError):
                raise self._broken() from None
            bound = None
            yield piece
        if file.read(1):
            raise self._broken()

    def _unpacked(self, unpack: Any, piece: bytes) -> Iterator[bytes]:
        """In bounded steps, whatever a piece claims to unpack to."""
        while piece:
            try:
                unpacked: bytes = unpack.decompress(piece, _PIECE)
            except zlib.error:
                raise self._broken() from None
            yield unpacked
            piece = unpack.unconsumed_tail

    def _read_head(self, file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
        if file.read(len(MAGIC)) != MAGIC:
            raise Misconfigured(f"{self._path} is no backup of this version of Ngao.")
        (length,) = _LENGTH.unpack(self._exactly(file, _LENGTH.size))
        if length > _LONGEST_HEAD:
            raise self._broken()
        head = self._exactly(file, length)
        try:
            read = json.loads(head)
            return {**read, "key": str(read["key"]), "key_id": str(read["key_id"])}, head
        except (ValueError, KeyError, TypeError):
            raise self._broken() from None

    def _open_key(self, private_key: str) -> bytes:
        try:
            ours = seals.key_id(seals.public_of(private_key))
        except SealBroken:
            raise Misconfigured("The backup's key is not 32 bytes in base64: give `backup.key` as it was made.") from None
        if self.head["key_id"] != ours:
            wanted = self.head["key_id"]
            raise Misconfigured(f"{self._path} is sealed to the backup key {wanted}, and the one given is {ours}.")
        try:
            return seals.open_box(private_key, self.head["key"])
        except SealBroken:
            raise self._broken() from None

    def _exactly(self, file: IO[bytes], length: int) -> bytes:
        content = file.read(length)
        if len(content) != length:
            raise Misconfigured(f"{self._path} is cut off: fetch it again from where it was copied.")
        return content

    def _broken(self) -> Misconfigured:
        return Misconfigured(f"{self._path} is damaged or was altered: nothing of it can be trusted, take another backup.")
