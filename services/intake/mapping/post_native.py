"""Native bodies over HTTP: taken through the source's profile; one that is no report goes into quarantine, and is named so.

A form tool does not post again after an error, so what cannot be read must not be lost: see `quarantine`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.call import Call, parse_body
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import Undecodable
from ngao.kernel.vocabulary import Vocabulary
from services.intake.mapping.lenient import Taken, read_native
from services.intake.mapping.mapping import Mapped
from services.intake.mapping.profiles import Profile
from services.intake.mapping.unreadable import UnreadableReport
from services.intake.quarantine.shelf import Posted, Quarantine, QuarantineFull
from services.intake.reports.draft import Draft
from services.intake.reports.problems import MappedBy
from services.intake.reports.read_case import Reader
from services.intake.reports.schemas import pointing

MOST_VALUES = 20_000
"""A form asks more than a report holds."""

Receive = Callable[[Unit, str, Draft, MappedBy, str | None], dict[str, Any]]


class NativeForms:
    """Takes native bodies in; `profile_of` finds a source's profile, `receive` takes the report that it makes."""

    def __init__(
        self, units: Units, quarantine: Quarantine, *, profile_of: Callable[[str], Profile], vocabulary: Vocabulary,
        receive: Receive,
    ) -> None:
        self._units, self.quarantine, self._profile_of = units, quarantine, profile_of
        self._vocabulary, self._receive = vocabulary, receive

    def post(self, source_id: str, call: Call) -> dict[str, Any]:
        """Take one in, or put it into quarantine; the answer shows which."""
        profile = self._profile_of(source_id)
        if not call.body.strip():
            raise InvalidInput("The body is empty.", slug="malformed-json", status=400)
        try:
            with call.meter.running():
                mapped, taken = self._read(profile, Posted(source_id, call.body, call.idempotency_key), self._units.read().now)
        except UnreadableReport as unreadable:
            return self._held(Posted(source_id, call.body, call.idempotency_key), profile, unreadable, call.trace)
        receipt = self._units.run(lambda unit: self._take(unit, source_id, mapped, taken), call.trace)
        known = {"mapping_version": mapped.profile.version, "discarded": mapped.discarded, "left_out": taken.left_out}
        return {"quarantined": False, **receipt, **known}

    def _held(self, posted: Posted, profile: Profile, why: UnreadableReport, trace: str | None) -> dict[str, Any]:
        try:
            held = self._units.run(lambda unit: self.quarantine.keep(unit, posted, profile, why), trace)
        except QuarantineFull:
            self._units.run(lambda unit: self.quarantine.note_full(unit, posted.source_id), trace)
            raise
        return {"quarantined": True, "quarantine_id": held, "reason": why.slug, "left_out": why.left_out}

    def replay(self, quarantine_id: str, by: Reader, trace: str | None) -> dict[str, Any]:
        """Take one in from quarantine; gives the receipt. It stays there if it still cannot be read: raises UnreadableReport."""

        def work(unit: Unit) -> dict[str, Any]:
            posted = self.quarantine.take_out(unit, quarantine_id, by)
            return self._take(unit, posted.source_id, *self._read(self._profile_of(posted.source_id), posted, unit.now))

        return self._units.run(work, trace)

    def original(self, quarantine_id: str, reader: Reader) -> bytes:
        """A body in quarantine as it was posted, for an operator."""
        return self._units.run(lambda unit: self.quarantine.open(unit, quarantine_id, reader))

    def dismiss(self, quarantine_id: str, by: Reader) -> None:
        """Nothing becomes of a body in quarantine."""
        self._units.run(lambda unit: self.quarantine.dismiss(unit, quarantine_id, by))

    def measure(self) -> None:
        """How much waits in quarantine."""
        self.quarantine.measure(self._units.read().now)

    def _read(self, profile: Profile, posted: Posted, now: datetime) -> tuple[Mapped, Taken]:
        """A body as a report; raises UnreadableReport."""
        return read_native(profile, _parsed(posted.body), posted.name, self._vocabulary, now)

    def _take(self, unit: Unit, source_id: str, mapped: Mapped, taken: Taken) -> dict[str, Any]:
        with pointing(mapped.native):
            mapping = MappedBy(mapped.profile.version, mapped.discarded, taken.left_out)
            return self._receive(unit, source_id, taken.draft, mapping, mapped.edit)


def _parsed(body: bytes) -> Any:
    try:
        return parse_body(body, MOST_VALUES)
    except Undecodable:
        raise UnreadableReport("no_json") from None
