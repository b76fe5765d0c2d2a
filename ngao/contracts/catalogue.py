"""Every event there is: its type, its owner, who hears it, and its schema.

Routing, topology, documentation and tests all read this one list; an event that is not here cannot be said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema

from ngao.contracts.errors import UnknownType
from ngao.contracts.schemas import audit, intake, notices, notify, referral, registry, report


class Audience(StrEnum):
    """Who an event is for, which decides the exchange it goes to."""

    INTERNAL = "internal"
    PARTNER = "partner"
    SOURCE = "source"
    FROM_SOURCE = "from_source"
    FROM_PARTNER = "from_partner"


@dataclass(frozen=True)
class EventType:
    """One entry. `subscribers` are the services with a queue of their own for it.

    Those of them that are `noticed` get its `notice` and no more: a smaller form of the same event, on an exchange of its own.
    """

    name: str
    owner: str
    schema: type[Schema]
    says: str
    subscribers: tuple[str, ...] = ()
    audiences: tuple[Audience, ...] = (Audience.INTERNAL,)
    classification: str = "internal"
    notice: type[Schema] | None = None
    noticed: tuple[str, ...] = ()
    may_be_urgent: bool = True
    """A type that is never urgent has no urgent queues."""

    def gives_notice_to(self, service: str) -> bool:
        """Whether a service gets the notice of this event instead of the event."""
        return service in self.noticed

    @property
    def is_for_notices_alone(self) -> bool:
        """Whether every subscriber gets the notice, so that the event itself is published to no queue."""
        return bool(self.subscribers) and set(self.subscribers) <= set(self.noticed)


_BOTH = (Audience.INTERNAL, Audience.PARTNER)
_PARTNER = (Audience.PARTNER,)
_SOURCE = (Audience.SOURCE,)
_FROM_SOURCE = (Audience.FROM_SOURCE,)
_NOTICED = ("notify",)
_NOTICE: dict[str, Any] = {"notice": notices.Notice, "noticed": _NOTICED}


def _offer(name: str, schema: type[Schema], says: str, *more: str) -> EventType:
    return EventType(f"referral.{name}.v1", "referral", schema, says, ("intake", "notify", *more), _BOTH, **_NOTICE)


def _message(name: str, schema: type[Schema], says: str) -> EventType:
    return EventType(f"notify.message.{name}.v1", "notify", schema, says, ("referral",))


def _heads(owner: str) -> EventType:
    """Notify holds none: it has a way out of the platform, and gets notices only."""
    others = tuple(each for each in ("intake", "registry", "referral") if each != owner)
    what = "Where the chains of this service's audit are, for the others to hold."
    return EventType(f"{owner}.audit.noted.v1", owner, audit.AuditHeads, what, others, may_be_urgent=False)


def _reply(verb: str, schema: type[Schema], says: str) -> EventType:
    return EventType(f"partner.offer.{verb}.v1", "partner", schema, says, (), (Audience.FROM_PARTNER,))


_ALL = (
    EventType("intake.report.sealed.v1", "source", report.SealedReport,
              "A source posts a report over AMQP, sealed so that only intake reads it.", (), _FROM_SOURCE, "sealed"),
    EventType("intake.report.submitted.v1", "source", report.Report,
              "A source that cannot seal posts a report over AMQP: it lies readable on the broker's disk.",
              (), _FROM_SOURCE, "sensitive"),
    EventType("intake.report.receipt.v1", "intake", intake.ReportReceipt, "The report a source posted is taken.",
              (), _SOURCE),
    EventType("intake.report.rejected.v1", "intake", intake.ReportRejected, "The report a source posted is refused.",
              (), _SOURCE),
    EventType("intake.report.accepted.v1", "intake", intake.ReportAccepted, "A report is stored, with its urgency and why.",
              ("registry", "referral", "notify"), classification="sealed", **_NOTICE),
    EventType("intake.report.updated.v1", "intake", intake.ReportUpdated, "What a report is now: later facts, another urgency.",
              ("registry", "referral", "notify"), classification="sealed", **_NOTICE),
    EventType("intake.report.quarantined.v1", "intake", intake.ReportQuarantined,
              "A body that its source's profile cannot read is kept for an operator; it may be urgent.",
              ("notify",), may_be_urgent=False, **_NOTICE),
    EventType("intake.quarantine.filled.v1", "intake", intake.QuarantineFilled,
              "So much of one source waits in quarantine that no more is taken from it.",
              ("notify",), may_be_urgent=False, **_NOTICE),
    EventType("intake.report.withdrawn.v1", "intake", intake.ReportWithdrawn, "The source took the report back.",
              ("registry", "referral")),
    EventType("intake.narrative.disclosed.v1", "intake", intake.NarrativeDisclosed, "The narrative, sealed to one partner.",
              ("referral",), _BOTH, "sealed"),
    EventType("intake.narrative.withheld.v1", "intake", intake.Withheld, "The narrative is not disclosed, and why.",
              ("referral",), _BOTH),
    EventType("registry.defender.resolved.v1", "registry", registry.DefenderResolved, "Who the case is about, as a reference.",
              ("referral", "notify"), notice=notices.ContactNotice, noticed=_NOTICED),
    EventType("registry.consent.changed.v1", "registry", registry.ConsentChanged, "A consent was given or withdrawn.",
              ("intake", "referral")),
    EventType("registry.contact.disclosed.v1", "registry", registry.ContactDisclosed, "Safe contact, sealed to one partner.",
              ("referral",), _BOTH, "sealed"),
    EventType("registry.contact.withheld.v1", "registry", intake.Withheld, "The contact is not disclosed, and why.",
              ("referral",), _BOTH),
    EventType("referral.case.opened.v1", "referral", referral.CaseOpened, "Referral took the case on.", ("intake",)),
    EventType("referral.case.closed.v1", "referral", referral.CaseClosed, "Nothing is left to do, and why.", ("intake",)),
    EventType("referral.case.reopened.v1", "referral", referral.CaseReopened, "News has opened a case or settled needs again.",
              ("intake", "notify"), **_NOTICE),
    _offer("offered", referral.Offered, "A partner is asked to help."),
    _offer("accepted", referral.Accepted, "A partner took the referral.", "registry"),
    _offer("declined", referral.Declined, "A partner said no."),
    _offer("expired", referral.Expired, "A partner did not answer in time."),
    _offer("started", referral.Started, "The partner is at work."),
    _offer("completed", referral.Completed, "The partner has done it.", "registry"),
    _offer("failed", referral.Failed, "The partner could not do it.", "registry"),
    _offer("withdrawn", referral.Withdrawn, "An open offer is taken back."),
    _offer("recalled", referral.Recalled, "An accepted referral is taken back.", "registry"),
    EventType("referral.unroutable.v1", "referral", referral.Unroutable, "No partner fits: why, and who was told.",
              ("intake", "notify"), **_NOTICE),
    EventType("referral.helper.revoked.v1", "referral", referral.HelpInDoubt, "A partner was revoked and holds this need.",
              ("notify",), **_NOTICE),
    EventType("referral.disclosure.missed.v1", "referral", referral.HelpInDoubt,
              "A partner accepted and has neither a contact or narrative nor a refusal in time.", ("notify",), **_NOTICE),
    EventType("referral.reply.answered.v1", "referral", referral.ReplyAnswered,
              "A partner's reply, or a part of it, cannot be taken, and why.", (), _PARTNER),
    _message("sent", notify.MessageSent, "The channel took the message."),
    _message("delivered", notify.MessageDelivered, "The message reached the recipient's side."),
    _message("failed", notify.MessageFailed, "The message could not be sent; who is told instead."),
    _message("refused", notify.MessageRefused, "The message would not be safe, so it is not sent."),
    _message("acknowledged", notify.MessageAcknowledged, "A human has seen it."),
    *(_heads(owner) for owner in ("intake", "registry", "referral", "notify")),
    _reply("receipt", referral.OfferReply, "The partner's own system has the offer."),
    _reply("accept", referral.AcceptReply, "The partner takes the referral."),
    _reply("decline", referral.DeclineReply, "The partner says no."),
    _reply("start", referral.OfferReply, "The partner starts work."),
    _reply("complete", referral.CompleteReply, "The partner has done it."),
    _reply("fail", referral.FailReply, "The partner cannot do it."),
)

CATALOGUE: dict[str, EventType] = {entry.name: entry for entry in _ALL}


def gives_notice(name: str, service: str) -> bool:
    """Whether a service gets the notice of an event of this type; False for a type that is not in the catalogue."""
    return name in CATALOGUE and CATALOGUE[name].gives_notice_to(service)


def type_named(name: str) -> EventType:
    """Look a type up; raises UnknownType."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownType("the catalogue has no such event type") from None


def subscriptions_of(service: str) -> tuple[str, ...]:
    """The types a service hears on the internal exchange, one queue (and one urgent queue) each."""
    return tuple(entry.name for entry in _ALL if service in entry.subscribers)
