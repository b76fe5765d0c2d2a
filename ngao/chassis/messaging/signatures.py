"""Every event is signed by the service that publishes it, and verified by whoever consumes it, before its inbox.

Both read their folders again every few seconds, so that a new period's key is used and taken without a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from ngao.chassis.clock import Clock
from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security import keyfiles, signing
from ngao.contracts import Event, signed, type_named

LOOK_AGAIN_S = 10.0
_log = get_logger(__name__)

Ticks = Callable[[], float]
Verifying = Mapping[str, tuple[str, str]]


class Signer:
    """Signs as one service, with the newest of its keys whose public half is there for the others. Raises Misconfigured."""

    def __init__(self, directory: Path, public_directory: Path, *, ticks: Ticks = time.monotonic) -> None:
        self._directory, self._public_directory, self._ticks = directory, public_directory, ticks
        self._key_id, self._private = self._newest()
        self._until = ticks() + LOOK_AGAIN_S

    def encode(self, event: Event) -> bytes:
        """The event's final bytes, with the signature."""
        if self._ticks() >= self._until:
            self._look_again()
        document = signed.to_sign(event, self._key_id)
        return signed.with_signature(document, signing.sign(self._private, signed.PURPOSE, document))

    def _look_again(self) -> None:
        """A folder that cannot be read for the moment takes no key away."""
        self._until = self._ticks() + LOOK_AGAIN_S
        try:
            self._key_id, self._private = self._newest()
        except Misconfigured as error:
            _log.warning("keys.not_read", **describe_error(error))

    def _newest(self) -> tuple[str, str]:
        published = keyfiles.load_verifying(self._public_directory)
        for _, private in sorted(keyfiles.load_signing(self._directory).items(), reverse=True):
            key_id = signing.key_id(signing.public_of(private))
            if key_id in published:
                return key_id, private
        raise Misconfigured(
            f"The folder {self._public_directory} has the public half of no signing key in {self._directory}. "
            "Run `ngao keys init`, or in a deployment `ngao secrets init`."
        )


class Signatures:
    """Verifies that the owner of an event's type signed it.

    Until `accept_unsigned_until` events without a signature are taken as well: those that the version before has published.
    """

    def __init__(
        self, public_directory: Path, clock: Clock, accept_unsigned_until: datetime | None, *, ticks: Ticks = time.monotonic
    ) -> None:
        self._public_directory, self._clock, self._ticks = public_directory, clock, ticks
        self._accept_unsigned_until = accept_unsigned_until
        self._keys: Verifying = keyfiles.load_verifying(public_directory)
        self._until = ticks() + LOOK_AGAIN_S

    def agree(self, event: Event, body: bytes) -> bool:
        """Whether these bytes are the owner's word. `event` is what they say."""
        apart = signed.taken_apart(body)
        if apart is None and event.signaturekid is None:
            return self._accepts_unsigned()
        if apart is None or event.signaturekid is None:
            return False
        service, public = self._key(event.signaturekid)
        return service == type_named(event.type).owner and signing.verifies(public, signed.PURPOSE, *apart)

    def _accepts_unsigned(self) -> bool:
        return self._accept_unsigned_until is not None and self._clock.now() < self._accept_unsigned_until

    def _key(self, key_id: str) -> tuple[str, str]:
        """Whose a key is, and the key. A name that nobody knows makes no more than one look at the folder every few seconds."""
        now = self._ticks()
        if now >= self._until or (key_id not in self._keys and now >= self._until - LOOK_AGAIN_S + 1):
            self._until = now + LOOK_AGAIN_S
            try:
                self._keys = keyfiles.load_verifying(self._public_directory)
            except Misconfigured as error:
                _log.warning("keys.not_read", **describe_error(error))
        return self._keys.get(key_id, ("", ""))
