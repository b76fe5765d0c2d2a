"""Puts notify together; the only place that knows all of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import Misconfigured
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.kernel.actors import Actor
from ngao.kernel.retention import Retention
from services.notify.channels.account import Account
from services.notify.channels.email import EmailChannel
from services.notify.channels.letter import Outcome
from services.notify.context import Context
from services.notify.documents import DOCUMENTS
from services.notify.ladders.acknowledge import acknowledge
from services.notify.ladders.ask_again import ask_again
from services.notify.ladders.escalate import escalate_message
from services.notify.ladders.planning import Desk
from services.notify.ladders.reach import Reach
from services.notify.messages import responses as http_api
from services.notify.messages.events import UnitAnnouncer, facts_of, summary_of
from services.notify.messages.model import Message
from services.notify.messages.plan import plan_messages
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.send import Post, send_due
from services.notify.messages.show import tell_message
from services.notify.policy import read_policy, read_retention
from services.notify.ports import Channel
from services.notify.roster.learn_contact import learn_contact_summary
from services.notify.roster.manage import forget_removed, put_on_roster, take_off_roster
from services.notify.roster.model import DUTY_OFFICER, Contact, Recipient
from services.notify.rules import Policy
from services.notify.settings import read_own
from services.notify.store import (
    AlarmRepository,
    ClaimQueue,
    ContactSummaryRepository,
    MessageRepository,
    RosterRepository,
)

_OVERDUE_AT_ONCE = 100
_FORGOTTEN_AT_ONCE = 100
_ASKED_AGAIN_AT_ONCE = 200


class App:
    """What notify's entrypoints call. `credentials` is None: only operators call notify, and the chassis knows them."""

    credentials = None

    def __init__(
        self, chassis: Chassis, policy: Policy, retention: Retention, channels: Mapping[str, Channel], link: str
    ) -> None:
        self._units = chassis.units
        self._clock = chassis.clock
        self._policy = policy
        self._retention = retention
        self._channels = channels
        self._link = link
        self._claims = ClaimQueue(chassis.store.durable("messages"), policy.furthest)
        self._account = Account()
        self._reach = Reach(chassis, policy, frozenset(channels), self._account)
        self._log = get_logger("notify")
        self._metrics = chassis.metrics
        self._unsent = chassis.metrics.gauge("ngao_notify_unsent", "Messages that wait to be sent.")
        self._unsent_seconds = chassis.metrics.gauge("ngao_notify_unsent_seconds", "Age of the oldest of these.")

    def tell(self, unit: Unit, event: Event) -> None:
        """Queue or refuse what the policy says about an event."""
        plan_messages(self._context(unit), ContactSummaryRepository(unit), facts_of(event))

    def learn(self, unit: Unit, event: Event) -> None:
        """Remember what the registry says about contact, then tell whom the policy names."""
        learn_contact_summary(ContactSummaryRepository(unit), summary_of(event))
        self.tell(unit, event)

    def send_due(self, *, urgent_only: bool) -> int:
        """Send what is due, for one turn."""
        post = Post(self._policy.templates, self._link, self._channels, RosterRepository(self._units.read()))
        return send_due(self._claims, post, self._account, self._record, self._clock.now, urgent_only=urgent_only)

    def escalate_due(self) -> None:
        """Tell the next human wherever an acknowledgement did not come in time."""
        messages = MessageRepository(self._units.read())
        for message_id in messages.overdue(self._clock.now(), self._policy.furthest, _OVERDUE_AT_ONCE):
            told = self._units.run(lambda unit, at=message_id: self._escalate(unit, at))  # type: ignore[misc]
            self._log.warning("message.not_acknowledged", message_id=message_id, count=len(told))

    def acknowledge(self, message_id: str, by: str) -> dict[str, Any]:
        """A human has seen it."""
        return http_api.show_message(self._units.run(lambda unit: self._acknowledge(unit, message_id, by)))

    def message(self, message_id: str) -> dict[str, Any]:
        """One message."""
        return http_api.show_message(tell_message(MessageRepository(self._units.read()), message_id))

    def messages(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The newest messages that fit."""
        found = MessageRepository(self._units.read()).listed(**wanted)
        return {"messages": [http_api.show_message(message) for message in found]}

    def put_on_roster(self, recipient: Recipient, entry: dict[str, Any], by: str) -> dict[str, Any]:
        """Keep or replace a roster entry."""
        contact = Contact(recipient, "email", entry["language"])

        def work(unit: Unit) -> None:
            put_on_roster(RosterRepository(unit), contact, entry["email"])
            unit.audit("roster.put", subject=str(recipient), actor=Actor.operator(by))

        self._units.run(work)
        if recipient.kind == DUTY_OFFICER:
            self._ask_again()
            self._reach.look()
        return http_api.show_entry(contact, entry["email"])

    def roster(self, by: str, kind: str | None = None, ref: str | None = None) -> list[dict[str, Any]]:
        """Roster entries with masked addresses; that they were read is audited."""

        def work(unit: Unit) -> list[tuple[Contact, str]]:
            unit.audit("roster.read", subject=f"{kind or 'all'}:{ref or 'all'}", actor=Actor.operator(by))
            return list(RosterRepository(unit).listed())

        entries = self._units.run(work)
        fitting = [each for each in entries if kind in {None, each[0].recipient.kind} and ref in {None, each[0].recipient.ref}]
        return [http_api.show_entry(contact, address) for contact, address in fitting]

    def take_off_roster(self, recipient: Recipient, by: str) -> None:
        """Take an entry off, and destroy at once what may not be kept any longer."""

        def work(unit: Unit) -> None:
            take_off_roster(RosterRepository(unit), recipient, unit.now)
            unit.audit("roster.removed", subject=str(recipient), actor=Actor.operator(by))

        self._units.run(work)
        self.forget()
        self._reach.look()

    def forget(self) -> None:
        """Destroy the addresses of those whose time off the roster is over; several processes may do it at once."""
        while self._units.run(self._forget):
            continue

    def measure(self) -> None:
        """Tell what waits: mail that does not leave, and officers who were not told though the first did not answer."""
        self._reach.look()
        now, messages = self._clock.now(), MessageRepository(self._units.read())
        unsent, oldest = messages.unsent()
        self._unsent.set(unsent)
        self._unsent_seconds.set((now - oldest).total_seconds() if oldest else 0.0)
        late, since = messages.unanswered(now)
        self._metrics.overdue("acknowledgement", late, (now - since).total_seconds() if since else 0.0)
        before = self._retention.before("roster", "removed", now)
        late, since = RosterRepository(self._units.read()).overdue(before)
        self._metrics.overdue("retention", late, (before - since).total_seconds() if since else 0.0)

    def _ask_again(self) -> None:
        """Somebody is on the roster now: ask about the cases whose alarm reached nobody."""
        for case_ref in AlarmRepository(self._units.read()).unheard(_ASKED_AGAIN_AT_ONCE):
            self._units.run(lambda unit, case=case_ref: ask_again(self._context(unit), case))  # type: ignore[misc]

    def _forget(self, unit: Unit) -> int:
        before = self._retention.before("roster", "removed", unit.now)
        gone = forget_removed(RosterRepository(unit), before, _FORGOTTEN_AT_ONCE)
        for recipient in gone:
            detail = {"why": "removed", "policy_version": self._retention.version}
            unit.audit("roster.forgotten", subject=str(recipient), actor=Actor.service("notify"), detail=detail)
        return len(gone)

    def _context(self, unit: Unit) -> Context:
        desk = Desk(self._policy, RosterRepository(unit).contact, tuple(self._channels), unit.now)
        return Context(MessageRepository(unit), AlarmRepository(unit), UnitAnnouncer(unit), desk)

    def _record(self, message: Message, outcome: Outcome) -> None:
        def work(unit: Unit) -> None:
            record_outcome(self._context(unit), message, outcome)

        self._units.run(work)
        self._log.info(
            "message.tried", message_id=message.id, case_ref=message.case_ref, template=message.template,
            result=str(outcome.result), reason=outcome.reason or None, attempt=message.attempts,
        )  # fmt: skip

    def _escalate(self, unit: Unit, message_id: str) -> list[Message]:
        return escalate_message(self._context(unit), message_id)

    def _acknowledge(self, unit: Unit, message_id: str, by: str) -> Message:
        message = acknowledge(self._context(unit), message_id, by)
        unit.audit("message.acknowledged", subject=message_id, actor=Actor.operator(by))
        return message


def build(chassis: Chassis) -> App:
    """Read rules and settings, make the indexes, connect the channels; raises Misconfigured."""
    own = read_own(chassis.settings.own)
    folders = chassis.settings.policy_directories
    policy, retention = read_policy(folders), read_retention(folders)
    if policy.templates.uses_link() and not own.link:
        raise Misconfigured("A template uses {link}, but own.link is not set.")
    chassis.open(DOCUMENTS)
    channel = EmailChannel(own.smtp)
    app = App(chassis, policy, retention, {channel.kind: channel}, own.link)
    app.measure()  # so that the first answer of readiness knows whether anybody can be notified
    chassis.gauges.every(OFTEN_S, app.measure)
    chassis.forget_by(retention)
    return app
