"""Asks again, when an event leaves the outbox, whether what it shows may still be shown.

An event can wait for hours and be replayed for days, and a permission at its commit can be withdrawn
meanwhile. The service that wrote it decides. If it refuses, its unit of work holds all that follows from that, and removes
every entry of the event: to whichever exchange it was to go, and whether or not it was sent before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from functools import partial

from ngao.chassis.messaging.destinations import DESTINATIONS
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.outbox import Entry, ids_of
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.storage.connection import JOURNAL, Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import Event, decode
from ngao.kernel.actors import Actor

MayLeave = Callable[[Unit, Event], bool]
"""Decides about one event: True registers nothing, False registers what follows from the refusal. It may be asked repeatedly."""
_log = get_logger(__name__)


class Answer(Enum):
    """`UNANSWERED` is for a question that cannot be answered now, or not before the news has come: the event waits."""

    LEAVES = "leaves"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Rechecks:
    """The questions of one service, by the type of the event that they are about."""

    def __init__(self, store: Store, service: str, news: News) -> None:
        self._outbox = store.durable(JOURNAL)
        self.news = news
        self._units: Units | None = None
        self._actor = Actor.service(service)
        self._questions: dict[str, MayLeave] = {}

    def decide_in(self, units: Units) -> None:
        """Use these from now on; before that nothing can be answered, and what is asked about waits."""
        self._units = units

    def register(self, event_type: str, may_leave: MayLeave) -> None:
        """Ask this each time an event of the type is to leave, also one that an earlier version of the service stored."""
        self._questions[f".{event_type}"] = may_leave

    def concern(self, entry: Entry) -> bool:
        """Return True if this entry needs a check before it leaves. A forwarded message is not the service's own."""
        return entry.routing_key.endswith(tuple(self._questions)) and DESTINATIONS[entry.to].kept

    def answer(self, entry: Entry) -> Answer:
        """Return whether an entry may leave now. Never raises: an entry that cannot be judged stays, and is shown."""
        if self._units is None or not self.news.heard():
            return Answer.UNANSWERED
        try:
            return self._units.run(partial(self._judge, entry))
        except Exception as error:  # noqa: BLE001  # whatever is wrong, it must neither end the relay nor send the entry
            _log.warning("outbox.not_rechecked", message_id=entry.message_id, **describe_error(error))
            return Answer.UNANSWERED

    def _judge(self, entry: Entry, unit: Unit) -> Answer:
        if self._outbox.find_one({"_id": entry.id}, {"_id": 1}) is None:
            return Answer.REFUSED  # with another entry of the same event
        end = next(each for each in self._questions if entry.routing_key.endswith(each))
        event = replace(decode(entry.body), subject=entry.subject)  # an outsider's copy has a subject of its own
        if self._questions[end](unit, event):
            return Answer.LEAVES
        detail = {"type": end[1:], "event": entry.message_id}
        unit.audit("event.held_back", subject=entry.subject, actor=self._actor, detail=detail)
        unit.register_removal(JOURNAL, {"_id": {"$in": ids_of(entry.message_id)}})
        return Answer.REFUSED
