"""A period's end: what its key has wrapped is wrapped again under the newest one, while the service runs.

Nothing that is sealed is touched, only the data keys; a reader at the same moment reads either wrapping.
"""

from __future__ import annotations

from typing import Any

from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor


class Rewrapping:
    """What operators ask of one service's data keys."""

    def __init__(self, keyring: Keyring, units: Units) -> None:
        self._keyring, self._units = keyring, units

    def status(self) -> dict[str, Any]:
        """Return the active period, and how many data keys each period's key wraps."""
        counted = [{"period": period, "data_keys": count} for period, count in sorted(self._keyring.wrapped().items())]
        return {"active": self._keyring.active, "wrapped": counted}

    def rewrap(self, *, after: str, by: Actor) -> dict[str, Any]:
        """Wrap what can be wrapped in two seconds; `next` is where to continue, None at the end. Audited when it begins."""
        if not after:
            detail = {"to": self._keyring.active}
            self._units.run(lambda unit: unit.audit("keys.rewrapped", subject="keys", actor=by, detail=detail))
        done, last = self._keyring.rewrap(bytes.fromhex(after))
        return {"rewrapped": done, "next": last.hex() if last else None}
