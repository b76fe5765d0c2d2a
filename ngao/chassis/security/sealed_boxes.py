"""Sealed boxes that a service opens with its own keys, and those it makes for others (libsodium)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ngao.chassis.errors import Misconfigured, SealBroken
from ngao.chassis.rereading import Reread
from ngao.chassis.security import seals
from ngao.chassis.security.keyfiles import active_public, load_private
from ngao.kernel.padding import padded


def seal_to(public_key: str, content: bytes) -> str:
    """Return a box for one recipient, padded. Raises InvalidInput when the key is no key."""
    return seals.seal_to(public_key, padded(content))


class OwnBoxes:
    """Opens with the private keys of all periods in a folder, which is read again when a box names an unknown key."""

    def __init__(self, private_keys: Path) -> None:
        self._private = Reread(partial(load_private, private_keys))

    def open(self, key_id: str, box: str) -> bytes:
        """Return the content. Raises SealBroken when the key is not here any more or the box was made for another."""
        private = self._private.having(key_id).get(key_id)
        if private is None:
            raise SealBroken("the box is sealed to a key that is not here")
        return seals.open_box(private, box)

    def seal_to(self, public_key: str, content: bytes) -> str:
        """Return a box for one recipient. Raises InvalidInput when the key is no key."""
        return seal_to(public_key, content)


class AnnouncedBoxes(OwnBoxes):
    """Opens what others seal to this service's public key, and announces that key.

    Raises Misconfigured when there is no key, or when the private half of the announced key is not in the folder.
    """

    def __init__(self, private_keys: Path, public_keys: Path, owner: str) -> None:
        super().__init__(private_keys)
        self._private_keys, self._public_keys, self._owner = private_keys, public_keys, owner
        self.public()

    def public(self) -> tuple[str, str]:
        """Return the key id and public key of the active period. Raises Misconfigured."""
        key_id, public = active_public(self._public_keys, self._owner)
        if key_id not in self._private.having(key_id):
            lacks = f"lacks the private half of {self._owner}'s public key {key_id}"
            raise Misconfigured(f"The folder {self._private_keys} {lacks}.")
        return key_id, public
