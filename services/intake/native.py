"""Native bodies over HTTP: taken through the source's profile; one that is no report is parked, sealed, and named so.

A form tool does not post again after an error, so what cannot be read must not be lost: `ngao parked list intake` shows it, and
after the profile is mended `ngao parked replay intake` takes it in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ngao.chassis.http.call import Call
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.parking import Parking
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import parse_json
from services.intake.application.mapping import Mapped, Profile
from services.intake.domain.draft import Draft
from services.intake.domain.problems import MappedBy
from services.intake.domain.vocabulary import Vocabulary
from services.intake.http_api import pointing
from services.intake.lenient import Taken, UnreadableReport, read_native

NATIVE = "application/vnd.ngao.native+json"
"""What a parked native body is marked as, so that its replay is read through the profile."""
QUEUE = "intake.reports"
MOST_VALUES = 20_000
"""A form asks more than a report holds."""

Receive = Callable[[Unit, str, Draft, MappedBy], dict[str, Any]]


class NativeForms:
    """Takes native bodies in; `profile_of` finds a source's profile, `receive` takes the report that it makes."""

    def __init__(
        self, units: Units, parking: Parking, *, profile_of: Callable[[str], Profile], vocabulary: Vocabulary, receive: Receive
    ) -> None:
        self._units, self._parking, self._profile_of = units, parking, profile_of
        self._vocabulary, self._receive = vocabulary, receive

    def post(self, source_id: str, call: Call) -> dict[str, Any]:
        """Take one in, or park it; the answer shows which."""
        profile = self._profile_of(source_id)
        try:
            native = call.json(MOST_VALUES)
            with call.meter.running():
                mapped, taken = read_native(profile, native, call.idempotency_key, self._vocabulary, self._units.read().now)
        except UnreadableReport as unreadable:
            return self._parked(source_id, call, unreadable)
        receipt = self._units.run(lambda unit: self._take(unit, source_id, mapped, taken), call.trace)
        known = {"mapping_version": mapped.profile.version, "discarded": mapped.discarded, "left_out": taken.left_out}
        return {"quarantined": False, **receipt, **known}

    def take(self, unit: Unit, source_id: str, body: bytes) -> None:
        """Take one in that an operator has replayed. Raises InvalidInput if it still cannot be read."""
        native = parse_json(body, MOST_VALUES)
        self._take(unit, source_id, *read_native(self._profile_of(source_id), native, None, self._vocabulary, unit.now))

    def _take(self, unit: Unit, source_id: str, mapped: Mapped, taken: Taken) -> dict[str, Any]:
        with pointing(mapped.native):
            return self._receive(unit, source_id, taken.draft, MappedBy(mapped.profile.version, mapped.discarded, taken.left_out))

    def _parked(self, source_id: str, call: Call, unreadable: UnreadableReport) -> dict[str, Any]:
        account = outsider_account("source", source_id)
        delivery = Delivery(QUEUE, source_id, call.body, NATIVE, account, None)

        def work(unit: Unit) -> str:
            parked_id = self._parking.park(
                unit, delivery, reason=unreadable.slug, errors=broken_fields(unreadable.errors), edge=True
            )
            unit.audit("report.quarantined", subject=parked_id, actor=f"source:{source_id}", detail={"reason": unreadable.slug})
            return parked_id

        parked_id = self._units.run(work, call.trace)
        return {"quarantined": True, "quarantine_id": parked_id, "reason": unreadable.slug, "left_out": unreadable.left_out}
