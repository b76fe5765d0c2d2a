"""Quarantine: where a body is kept that its source's profile cannot read as a report, until an operator decides about it.

It is kept sealed among the parked messages of intake, on a shelf of its own. A duty officer is informed in the same unit of work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ngao.chassis.errors import TooLarge, TooManyRequests
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import ORIGINAL_USER, Delivery
from ngao.chassis.messaging.parked import DROPPED, EXPIRED, PARKED, REPLAYED, body_of, name_of
from ngao.chassis.messaging.parking import ACCOUNT, MOST_KEPT, Shelf
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, make
from ngao.kernel.actors import Actor
from services.intake.mapping.profiles import Profile
from services.intake.mapping.unreadable import UnreadableReport
from services.intake.ports import INTAKE
from services.intake.quarantine.model import QuarantineBounds
from services.intake.reports.events import day_of
from services.intake.reports.read_case import Reader

NATIVE = "application/vnd.ngao.native+json"
"""What a native body is marked as among the parked messages."""
UNREAD = "high"
"""The urgency of what could not be read: it may be as urgent as anything, so it does not wait for a working day."""
STATES = {"waiting": PARKED, "replayed": REPLAYED, "dismissed": DROPPED, "expired": EXPIRED, "all": "all"}
"""What an operator calls the states of the records."""
_NAMES = {state: name for name, state in STATES.items()}
_AGAIN_S = 600
_QUEUE = "intake.reports"
_log = get_logger("intake")


class QuarantineFull(TooManyRequests):
    """So much of the source waits in quarantine that no more is kept: nothing of this body is acknowledged."""

    slug = "quarantine-full"

    def __init__(self) -> None:
        super().__init__(
            "This body cannot be read as a report and was not kept: too many of this source wait for an operator. "
            "Post it again later, and call the coalition.",
            _AGAIN_S,
        )


@dataclass(frozen=True)
class Posted:
    """A body as a source posted it, and the `name` by which the source knows it: its Idempotency-Key, if there was one."""

    source_id: str
    body: bytes = field(repr=False)
    name: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which bodies an operator asks for."""

    state: str
    source_id: str
    limit: int


class Quarantine:
    """The bodies that could not be read."""

    def __init__(self, shelf: Shelf, bounds: QuarantineBounds, metrics: Metrics) -> None:
        self._shelf, self._bounds = shelf, bounds
        self._waiting = metrics.gauge("ngao_intake_quarantine", "Bodies that wait in quarantine.")
        self._waiting_s = metrics.gauge("ngao_intake_quarantine_seconds", "How long the oldest of these waits.")

    def keep(self, unit: Unit, posted: Posted, profile: Profile, why: UnreadableReport) -> str:
        """Keep one sealed and inform a duty officer; gives its id. The same body again is kept once and informs nobody again.

        Raises TooLarge for what could not be kept whole, QuarantineFull where too much of the source waits already.
        """
        if len(posted.body) > MOST_KEPT:
            raise TooLarge(f"A body that cannot be read as a report may have at most {MOST_KEPT} bytes.")
        account = outsider_account("source", posted.source_id)
        delivery = Delivery(_QUEUE, posted.source_id, posted.body, NATIVE, account, None)
        is_new = not self._shelf.is_waiting(unit, delivery, posted.name)
        if is_new and self._bounds.are_reached(*self._shelf.load(account)):
            raise QuarantineFull
        held = self._shelf.park(unit, delivery, posted.name, reason=why.slug, errors=broken_fields(why.errors))
        if is_new:
            unit.audit("report.quarantined", subject=held, actor=Actor.source(posted.source_id), detail={"reason": why.slug})
            unit.emit(_quarantined(unit, held, posted.source_id, profile, why))
        return held

    def note_full(self, unit: Unit, source_id: str) -> None:
        """Inform a duty officer, once a day for a source, that no more is taken from it."""
        mark = f"quarantine-filled|{_bundle(source_id, unit.now)}"
        if unit.lookups.by("inbox").one(mark) is not None:
            return
        bodies, size = self._shelf.load(outsider_account("source", source_id))
        unit.mark(mark)
        detail = {"bodies": str(bodies), "bytes": str(size)}
        unit.audit("quarantine.filled", subject=source_id, actor=INTAKE, detail=detail)
        unit.emit(_filled(unit, source_id, bodies, size))
        _log.warning("quarantine.filled", source_id=source_id, count=bodies, bytes=size)

    def measure(self, now: datetime) -> None:
        """How many wait, and how long the oldest does."""
        oldest = self._shelf.oldest()
        self._waiting.set(self._shelf.count())
        self._waiting_s.set((now - oldest).total_seconds() if oldest else 0.0)

    def list(self, wanted: Wanted) -> list[dict[str, Any]]:
        """The newest, without what is in them."""
        of_source = {ACCOUNT: outsider_account("source", wanted.source_id)} if wanted.source_id else {}
        return [_shown(each) for each in self._shelf.list(wanted.limit, STATES[wanted.state], of_source)]

    def show(self, quarantine_id: str) -> dict[str, Any]:
        """One of them, without what is in it; raises NotFound."""
        return _shown(self._shelf.find(quarantine_id))

    def open(self, unit: Unit, quarantine_id: str, reader: Reader) -> bytes:
        """What was posted, byte for byte; that it was read is audited. Raises NotFound, NotAllowedNow."""
        body = body_of(unit, self._shelf.waiting(quarantine_id))
        unit.audit("quarantine.read", subject=quarantine_id, actor=reader.actor, detail={"reason": reader.reason})
        return body

    def take_out(self, unit: Unit, quarantine_id: str, by: Reader) -> Posted:
        """Register that it is a report now; gives what was posted. Raises NotFound, NotAllowedNow.

        A body that its source gave no name keeps its id here as its name, so that the same body, taken out again, is a repeat.
        """
        found = self._shelf.claim(unit, quarantine_id, REPLAYED)
        unit.audit("quarantine.replayed", subject=quarantine_id, actor=by.actor, detail={"reason": by.reason})
        return Posted(_source_of(found), body_of(unit, found), name_of(unit, found) or quarantine_id)

    def dismiss(self, unit: Unit, quarantine_id: str, by: Reader) -> None:
        """Register that nothing becomes of it: what was posted is destroyed. Raises NotFound, NotAllowedNow."""
        self._shelf.claim(unit, quarantine_id, DROPPED)
        unit.audit("quarantine.dismissed", subject=quarantine_id, actor=by.actor, detail={"reason": by.reason})


def _source_of(found: dict[str, Any]) -> str:
    """The source whose account posted it: a routing key could name another."""
    return str(found["headers"].get(ORIGINAL_USER, "")).removeprefix(outsider_account("source", ""))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "quarantine_id": found["_id"], "source_id": _source_of(found), "state": _NAMES[found["state"]], "reason": found["reason"],
        "left_out": [{"field": each["pointer"], "code": each["code"]} for each in found["errors"]], "size": found["size"],
        "times": found["times"], "first_posted_at": found["first_parked_at"], "posted_at": found["parked_at"],
    }  # fmt: skip


def _bundle(source_id: str, now: datetime) -> str:
    """What stands for a case in alarms about one source: a broken form asks a duty officer once a day."""
    return f"quarantine:{source_id}:{now:%Y-%m-%d}"


def _filled(unit: Unit, source_id: str, bodies: int, size: int) -> Event:
    bundle = _bundle(source_id, unit.now)
    data = {
        "case_ref": bundle, "source_id": source_id, "urgency": UNREAD, "bodies": bodies, "bytes": size,
        "noted_at": day_of(unit.now),
    }  # fmt: skip
    return make("intake.quarantine.filled.v1", subject=bundle, data=data, traceparent=unit.traceparent, time=unit.now)


def _quarantined(unit: Unit, quarantine_id: str, source_id: str, profile: Profile, why: UnreadableReport) -> Event:
    bundle = _bundle(source_id, unit.now)
    data = {
        "quarantine_id": quarantine_id, "case_ref": bundle, "source_id": source_id, "profile": profile.name,
        "mapping_version": profile.version, "urgency": UNREAD, "reason": why.slug,
        "codes": sorted({each.code for each in why.left_out}), "received_at": day_of(unit.now),
    }  # fmt: skip
    return make("intake.report.quarantined.v1", subject=bundle, data=data, traceparent=unit.traceparent, time=unit.now)
