"""The alarms of one case within a unit of work: the stored messages, their changes, and the record that excludes other units."""

from __future__ import annotations

from services.notify.context import Context
from services.notify.ladders.model import AlarmRecord, state_of
from services.notify.ladders.planning import Changes
from services.notify.messages.model import Message
from services.notify.messages.publishing import queue_messages


class CaseAlarms:
    """Reads the case's alarm record first, so that whatever changes after it makes the unit conflict and run again."""

    def __init__(self, ctx: Context, case_ref: str) -> None:
        self._ctx, self._case_ref = ctx, case_ref
        self._known = ctx.alarm_records.get(case_ref)
        self.alarms = list(ctx.messages.alarms_of(case_ref))
        self._changed: dict[str, Message] = {}

    def loaded(self, message: Message) -> Message:
        """Return the same message as loaded here, so that there is one object of it, or itself when it is on no ladder."""
        return next((other for other in self.alarms if other.id == message.id), message)

    def apply(self, changes: Changes) -> list[Message]:
        """Queue the new messages and record the changed ones. Returns the new messages that did not exist yet."""
        new = queue_messages(self._ctx, changes.new)
        self.alarms += [message for message in new if message.ladder]
        self.save(*changes.changed)
        return new

    def save(self, *changed: Message) -> None:
        """Record changed messages. They are written by `store`."""
        self._changed |= {message.id: message for message in changed}

    def store(self) -> None:
        """Store all changes, and the state of the case's alarm."""
        for message in self._changed.values():
            self._ctx.messages.save(message)
        if not self.alarms:
            return
        state, known = state_of(self.alarms), self._known
        since = known.since if known and known.state is state else self._ctx.now
        self._ctx.alarm_records.save(AlarmRecord(self._case_ref, state, since, known.revision if known else 0))
