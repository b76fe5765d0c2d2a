"""Every event is signed by the service that publishes it, and verified by its consumer, before its inbox.

Both read their folders again every few seconds, so that a new period's key is used and taken without a restart.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from ngao.chassis.clock import Clock
from ngao.chassis.rereading import Reread, Ticks
from ngao.chassis.security import keyfiles, signing
from ngao.contracts import Event, signed, type_named

Verifying = Mapping[str, tuple[str, str]]
_UNKNOWN_S = 1.0
"""A key id that is in no folder makes no more than one look in this time."""


class Signer:
    """Signs as one service, with the newest of its keys whose public half is there for the others. Raises Misconfigured."""

    def __init__(self, directory: Path, public_directory: Path, *, ticks: Ticks = time.monotonic) -> None:
        self._directory, self._public_directory = directory, public_directory
        self._key = Reread(self._newest, ticks=ticks)

    def encode(self, event: Event) -> bytes:
        """Return the event's final bytes, with the signature."""
        key_id, private = self._key.value()
        document = signed.to_sign(event, key_id)
        return signed.with_signature(document, signing.sign(private, signed.PURPOSE, document))

    def _newest(self) -> tuple[str, str]:
        published = keyfiles.load_verifying(self._public_directory)
        missing = f"The folder {self._public_directory} has the public half of no signing key in {self._directory}."
        return keyfiles.newest_published(keyfiles.load_signing(self._directory), published, missing)


class Signatures:
    """Verifies that the owner of an event's type signed it.

    Until `accept_unsigned_until` events without a signature are taken as well: those that the version before has published.
    """

    def __init__(
        self, public_directory: Path, clock: Clock, accept_unsigned_until: datetime | None, *, ticks: Ticks = time.monotonic
    ) -> None:
        self._clock, self._accept_unsigned_until = clock, accept_unsigned_until
        self._keys: Reread[Verifying] = Reread(partial(keyfiles.load_verifying, public_directory), ticks=ticks)

    def agree(self, event: Event, body: bytes) -> bool:
        """Return True if the owner has signed these bytes. `event` is their content."""
        apart = signed.taken_apart(body)
        if apart is None and event.signaturekid is None:
            return self._accept_unsigned_until is not None and self._clock.now() < self._accept_unsigned_until
        if apart is None or event.signaturekid is None:
            return False
        service, public = self._keys.having(event.signaturekid, _UNKNOWN_S).get(event.signaturekid, ("", ""))
        return service == type_named(event.type).owner and signing.verifies(public, signed.PURPOSE, *apart)
