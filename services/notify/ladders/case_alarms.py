"""The alarms of one case within a unit of work: what stands, what changes, and the record that keeps other units out."""

from __future__ import annotations

from services.notify.context import Context
from services.notify.ladders.model import Alarm, state_of
from services.notify.ladders.planning import Changes
from services.notify.messages.model import Message
from services.notify.messages.queueing import queue_messages


class CaseAlarms:
    """Reads the case's alarm record first, so that whatever changes after it makes the unit conflict and run again."""

    def __init__(self, ctx: Context, case_ref: str) -> None:
        self._ctx, self._case_ref = ctx, case_ref
        self._known = ctx.alarms.find(case_ref)
        self.standing = list(ctx.messages.alarms_of(case_ref))
        self._changed: dict[str, Message] = {}

    def its(self, message: Message) -> Message:
        """The same message among those that stand, so that there is one object of it; itself when it is on no ladder."""
        return next((each for each in self.standing if each.id == message.id), message)

    def apply(self, changes: Changes) -> list[Message]:
        """Keep what is new and note what is different; gives the new messages that were not there yet."""
        new = queue_messages(self._ctx, changes.new)
        self.standing += [each for each in new if each.ladder]
        self.save(*changes.changed)
        return new

    def save(self, *changed: Message) -> None:
        """Note what is different; it is stored when the alarms are closed."""
        self._changed |= {each.id: each for each in changed}

    def close(self) -> None:
        """Register everything, and the state of the case's alarm."""
        for message in self._changed.values():
            self._ctx.messages.save(message)
        if not self.standing:
            return
        state, known = state_of(self.standing), self._known
        since = known.since if known and known.state is state else self._ctx.now
        self._ctx.alarms.put(Alarm(self._case_ref, state, since, known.revision if known else 0))
