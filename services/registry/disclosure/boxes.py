"""The registry's own sealed boxes and those it makes for partners (libsodium)."""

from __future__ import annotations

from pathlib import Path

from ngao.chassis.errors import SealBroken
from ngao.chassis.security import keyfiles, seals
from ngao.kernel.padding import padded


class KeyFileBoxes:
    """Opens with the private keys in a folder, which is read again when a box names a key that is not known yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._private = keyfiles.load_private(directory)

    def open(self, key_id: str, box: str) -> bytes:
        """The content; raises SealBroken when the key is not here any more or the box was made for another."""
        if key_id not in self._private:
            self._private = keyfiles.load_private(self._directory)
        private = self._private.get(key_id)
        if private is None:
            raise SealBroken("the box is sealed to a key that is not here")
        return seals.open_box(private, box)

    def seal_to(self, public_key: str, content: bytes) -> str:
        """A box for one partner; raises InvalidInput when the key is no key."""
        return seals.seal_to(public_key, padded(content))
