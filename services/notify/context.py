"""The context of notify's use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ngao.chassis.chassis import Chassis
from ngao.chassis.errors import Misconfigured
from ngao.chassis.handlers import Parts, UnitContext
from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from services.notify.channels.account import MailAccount
from services.notify.channels.kinds import CHANNELS
from services.notify.handed.store import HandedRepository, UsedOnce
from services.notify.ladders.planning import Situation
from services.notify.ladders.reach import Reach
from services.notify.ladders.store import AlarmRecordRepository, OwnerRepository
from services.notify.messages.store import DueMessages, MessageRepository
from services.notify.policy import read_policy, read_retention
from services.notify.roster.model import Recipient
from services.notify.roster.store import ContactSummaryRepository, RosterRepository
from services.notify.rules import Policy
from services.notify.settings import read_own


@dataclass
class Context(UnitContext):
    """One unit of work of notify. `channels` are the kinds of channel that messages can go by."""

    service: ClassVar[str] = "notify"
    policy: Policy
    messages: MessageRepository
    alarm_records: AlarmRecordRepository
    owners: OwnerRepository
    roster: RosterRepository
    summaries: ContactSummaryRepository
    handed: HandedRepository
    channels: tuple[str, ...]

    @property
    def situation(self) -> Situation:
        """Return the inputs of a plan at this moment."""
        return Situation(self.policy, self.roster.contact, self.channels, self.now)


class NotifyParts(Parts[Context]):
    """The parts of notify that live as long as its process. Only operators call it, so that it has no accounts of its own.

    `left_to_ask` are the cases to ask about again because a person has joined the roster, `listed_for` says for whom they were
    listed and when each of them joined, and `asking` is how many turns ask about some at present.
    """

    def __init__(self, chassis: Chassis) -> None:
        super().__init__(chassis)
        own, folders = read_own(chassis.settings.own), chassis.settings.policy_directories
        self.policy, self.retention, self.link = read_policy(folders), read_retention(folders), own.link
        if self.policy.templates.uses_link() and not own.link:
            raise Misconfigured("A template uses {link}, but own.link is not set.")
        self.channels = {kind: CHANNELS[kind].open(settings) for kind, settings in own.channels.items()}
        self.account = MailAccount(own.longest_pause)
        self.due_messages = DueMessages(chassis.store.durable("messages"), self.policy.furthest)
        self.handed = UsedOnce(chassis.store.durable("handed"))
        self.keys = chassis.settings.keys_directory
        self.reach = Reach(chassis, self.policy, frozenset(self.channels), self.account)
        self.left_to_ask: dict[str, None] = {}
        self.listed_for: dict[Recipient, datetime] = {}
        self.asking = 0
        self.unsent = chassis.metrics.gauge("ngao_notify_unsent", "Messages that wait to be sent.")
        self.unsent_seconds = chassis.metrics.gauge("ngao_notify_unsent_seconds", "Age of the oldest of these.")
        chassis.expire_parked_by(self.retention)

    def begin(self) -> None:
        """Check the roster once, so that the first answer of readiness knows whether anyone can be notified."""
        self.reach.look()

    def context(self, unit: Unit, principal: Principal | None = None) -> Context:
        """Return the context of one unit of work."""
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            messages=MessageRepository(unit),
            alarm_records=AlarmRecordRepository(unit),
            owners=OwnerRepository(unit),
            roster=RosterRepository(unit),
            summaries=ContactSummaryRepository(unit),
            handed=HandedRepository(unit),
            channels=tuple(self.channels),
        )
