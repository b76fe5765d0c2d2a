"""What a consumer does with a batch, in a fixed order: decode, prove, upcast, handle, commit; then settle each message.

Nothing is acknowledged before its effect is committed. A failed message is retried immediately a few times, then moved to a
delay tier, then parked; one that can never succeed is parked immediately. When the store does not answer, nothing is moved:
the batch is handed back and tried again.

The mark in the commit guarantees that an event takes effect once. One of a few is looked up only if it may have had its effect:
when it is delivered again, when its handler or its commit has failed, and for some time after another one was known. For many
together one look is cheap, and a commit that fails for one of them is not; their handlers look things up for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ngao.chassis.errors import Conflict, Permanent
from ngao.chassis.messaging.authenticity import Authenticity, NotAuthentic
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.destinations import MAX_BODY
from ngao.chassis.messaging.inbox import Inbox, mark_of
from ngao.chassis.messaging.parking import Parking
from ngao.chassis.messaging.retry import IMMEDIATE_TRIES, Failure, Kind, classify
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import CONTENT_TYPE, Event, InvalidContent, Undecodable, decode, open_event

_log = get_logger("consumer")
_IN_DOUBT, _FEW = 500, 8


class Rejected(Permanent):
    """An edge handler refuses a message and answers its sender: it is parked, and `reply` goes out with that, to `to`."""

    def __init__(self, slug: str, errors: Sequence[dict[str, str]], reply: Event | None, *, to: str = "") -> None:
        super().__init__(slug)
        if reply is not None and not to:
            raise TypeError("a reply needs a destination")
        self.slug = slug
        self.errors = list(errors)
        self.reply = reply
        self.to = to


class Unreadable(Permanent):
    """Properties or headers are not what AMQP promises; the bytes of the body are kept."""

    slug = "unreadable"


@dataclass
class Item:
    """One message in the pipeline. `subscription` names the handler, `tag` and `channel` are the broker's."""

    delivery: Delivery
    subscription: Any
    channel: Any
    tag: int
    event: Event | None = None
    failure: Failure | None = None
    error: Exception | None = None
    unit: Unit | None = field(default=None, repr=False)
    held_since: float | None = None
    """On the monotonic clock, since it was given back for the first time."""

    @property
    def is_repeated(self) -> bool:
        """Return True if it may have been handled before."""
        return self.delivery.is_repeated or self.held_since is not None

    @property
    def subject(self) -> str:
        """Return the key of messages that must not be handled at the same time."""
        return self.event.subject if self.event else self.delivery.fingerprint


Handle = Callable[[list[Item]], None]
"""Runs the handlers of all items (side by side) and sets `error` on those that raised."""


@dataclass
class Pipeline:
    """Takes items from bytes to commit. `failure` decides what is left to do with the broker: None means acknowledge."""

    units: Units
    inbox: Inbox
    parking: Parking
    authenticity: Authenticity
    tiers_s: tuple[int, ...]
    handle: Handle
    edge: bool
    in_doubt: int = 0
    """For how many batches each event is looked up, because one has come that had taken effect before."""

    def decode(self, item: Item) -> None:
        """Decode bytes to a checked event of its owner's; a message that is none gets its failure."""
        if item.delivery.unreadable:
            self._fail(item, Unreadable("A property or a header is no text, or of no known type."))
            return
        if item.subscription.raw:
            return
        try:
            event = _event_of(item.delivery)
            self.authenticity.demand(event, item.delivery, item.subscription.key)
            item.event = replace(event, data=open_event(event, as_notice=item.subscription.notices))
        except Exception as error:  # noqa: BLE001  # classified; the message is parked, never logged
            self._fail(item, error)

    def give_up(self, item: Item, error: Exception) -> None:
        """Park an item at which our own machinery fails."""
        _log.error("message.unexpected", queue=item.delivery.queue, **describe_error(error))
        item.error, item.failure = error, Failure(Kind.PARK, f"unexpected-{type(error).__name__}")
        self._park_if_due(item)

    def again(self, item: Item) -> None:
        """Make an item that is held ready for another run; one that could not be read is refused again."""
        item.failure = item.error = None
        if item.event is None:
            self.decode(item)

    def run(self, items: list[Item]) -> None:
        """Handle and commit; afterwards each item is done, has a failure, or is parked (and is done)."""
        todo = [item for item in items if item.failure is None]
        in_doubt = self.in_doubt or len(todo) > _FEW
        todo = self._drop_seen(todo, [item for item in todo if item.is_repeated or in_doubt])
        self.in_doubt = max(0, self.in_doubt - 1)
        for tried in range(IMMEDIATE_TRIES):
            todo = self._attempt(todo, again=tried > 0)
            if not todo:
                break
        for item in items:
            self._park_if_due(item)

    def _drop_seen(self, items: list[Item], doubtful: list[Item]) -> list[Item]:
        """Return the items without those that have taken effect before; only the `doubtful` among them are looked up."""
        marks = {mark_of(item.event): item for item in doubtful if item.event}
        if not marks:
            return items
        try:
            seen = {id(marks[mark]) for mark in self.inbox.seen(marks)}
        except Exception as error:  # noqa: BLE001  # classified: an unreachable store holds the batch
            for item in items:
                self._fail(item, error)
            return []
        for item in items:
            if id(item) in seen:
                item.error = item.failure = None
                self.in_doubt = _IN_DOUBT
        return [item for item in items if id(item) not in seen]

    def _attempt(self, items: list[Item], *, again: bool) -> list[Item]:
        """Try all once. Returns those to retry immediately."""
        for item in items:
            item.error = item.failure = None
            traceparent = item.event.traceparent if item.event else None
            item.unit = self.units.read(traceparent, again=again or item.is_repeated or len(items) > _FEW)
        self.handle(items)
        handled = [item for item in items if item.error is None]
        # An item without effect gets no mark: a repetition has none either.
        effective = [item for item in handled if not _unit(item).is_empty]
        for item in effective:
            unit = _unit(item)
            if item.event and (unit.needs_mark or not (item.subscription.entrypoint.repeatable and unit.lone_write)):
                unit.mark(mark_of(item.event))
        for item, error in zip(effective, self.units.commit([_unit(item) for item in effective]), strict=True):
            item.error = error
        for item in items:
            if item.error is not None:
                self._fail(item, item.error)
        failed = [item for item in items if item.failure and item.failure.kind is not Kind.HOLD]
        failed = self._drop_seen(failed, failed)
        return [item for item in failed if item.failure and item.failure.kind is Kind.RETRY]

    def _fail(self, item: Item, error: Exception) -> None:
        item.error = error
        item.failure = classify(error)
        _log.info("message.failed", queue=item.delivery.queue, slug=item.failure.slug, kind=item.failure.kind.value)

    def _park_if_due(self, item: Item) -> None:
        failure = item.failure
        if failure is None or failure.kind is Kind.HOLD:
            return
        if failure.kind is Kind.RETRY and item.delivery.attempts < len(self.tiers_s):
            return
        item.failure = self._parked(item, "delivery-limit" if item.delivery.dead_from else failure.slug)

    def _parked(self, item: Item, reason: str) -> Failure | None:
        """Park it, at least without its body. Only a store that does not answer holds it: what cannot be parked goes away."""
        failure = None
        for bodiless in (False, True):
            try:
                self.units.run(lambda unit, bare=bodiless: self._park(unit, item, reason, bodiless=bare))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  # classified: it stays unacknowledged, or becomes a dead letter
                failure = classify(error)
                _log.error("message.not_parked", queue=item.delivery.queue, bodiless=bodiless, **describe_error(error))
                if failure.kind is Kind.HOLD or isinstance(error, Conflict):
                    return Failure(Kind.HOLD, failure.slug)
                continue
            _log.warning("message.parked", queue=item.delivery.queue, reason=reason, attempts=item.delivery.attempts + 1)
            if bodiless:
                self._park_whole_after_all(item, reason)
            return None
        return Failure(Kind.DEAD, failure.slug if failure else reason)

    def _park_whole_after_all(self, item: Item, reason: str) -> None:
        """Park it with its body, if what prevented that has ended by now: the body must not be lost to a trouble of a moment."""
        with suppress(Exception):  # its record is there already
            self.units.run(lambda unit: self._keep(unit, item, reason, bodiless=False))

    def _park(self, unit: Unit, item: Item, reason: str, *, bodiless: bool) -> None:
        self._keep(unit, item, reason, bodiless=bodiless)
        if isinstance(item.error, Rejected) and item.error.reply is not None:
            unit.emit(item.error.reply, to=item.error.to)

    def _keep(self, unit: Unit, item: Item, reason: str, *, bodiless: bool) -> None:
        errors = _field_errors(item.error)
        self.parking.park(unit, item.delivery, reason=reason, errors=errors, edge=self.edge, bodiless=bodiless)


def _unit(item: Item) -> Unit:
    if item.unit is None:
        raise ValueError("an item without a unit was not attempted")
    return item.unit


def _event_of(delivery: Delivery) -> Event:
    if len(delivery.body) > MAX_BODY:
        raise Undecodable("the body is too large")
    if delivery.content_type != CONTENT_TYPE:
        raise Undecodable("the content type is not read here")
    return decode(delivery.body)


def _field_errors(error: Exception | None) -> list[dict[str, str]]:
    if isinstance(error, Rejected | NotAuthentic):
        return error.errors
    if isinstance(error, InvalidContent):
        return [each.as_dict() for each in error.errors]
    return []
