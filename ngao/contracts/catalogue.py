"""The catalogue of events: each type with its owner, its subscribers, and its schema.

Routing, topology, documentation and tests all read this one list; an event that is not here cannot be published.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marshmallow import Schema

from ngao.contracts.errors import UnknownType
from ngao.contracts.events import audit, intake, notices, notify, referral, registry, replies, source
from ngao.contracts.payloads import Part, Payload, schema_of
from ngao.contracts.schemas.report import Report

SERVICES = ("intake", "referral", "notify", "registry", "console")


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
    meaning: str
    subscribers: tuple[str, ...] = ()
    audiences: tuple[Audience, ...] = (Audience.INTERNAL,)
    classification: str = "internal"
    notice: type[Schema] | None = None
    noticed: tuple[str, ...] = ()
    may_be_urgent: bool = True
    """A type that is never urgent has no urgent queues."""
    payload: type[Payload] | None = None
    """The dataclass of its data; None for a report in clear, which is read as a document."""
    notice_payload: type[Part] | None = None
    """The dataclass of its notice."""

    def gives_notice_to(self, service: str) -> bool:
        """Return True if a service gets the notice of this event instead of the event."""
        return service in self.noticed

    @property
    def is_for_notices_alone(self) -> bool:
        """Return True if every subscriber gets the notice, so that the event itself is published to no queue."""
        return bool(self.subscribers) and set(self.subscribers) <= set(self.noticed)


_BOTH = (Audience.INTERNAL, Audience.PARTNER)
_PARTNER = (Audience.PARTNER,)
_SOURCE = (Audience.SOURCE,)
_FROM_SOURCE = (Audience.FROM_SOURCE,)
_NOTIFY = ("notify",)


def _type(
    payload: type[Payload],
    meaning: str,
    subscribers: tuple[str, ...] = (),
    audiences: tuple[Audience, ...] = (Audience.INTERNAL,),
    classification: str = "internal",
    *,
    owner: str = "",
    notice: type[Part] | None = None,
    may_be_urgent: bool = True,
) -> EventType:
    """Return the entry of a payload. Notify sends data out of the platform, so it gets a notice where there is one."""
    return EventType(
        payload.type_name,
        owner or payload.type_name.partition(".")[0],
        schema_of(payload),
        meaning,
        subscribers,
        audiences,
        classification,
        notice=schema_of(notice) if notice else None,
        noticed=_NOTIFY if notice else (),
        may_be_urgent=may_be_urgent,
        payload=payload,
        notice_payload=notice,
    )


def _offer(payload: type[Payload], meaning: str, *more: str, audiences: tuple[Audience, ...] = _BOTH) -> EventType:
    return _type(payload, meaning, ("intake", "notify", *more), audiences, notice=notices.Notice)


def _reported(payload: type[Payload], meaning: str, *more: str) -> EventType:
    """Return the entry of what the partner itself has reported, which is not sent to it."""
    return _offer(payload, meaning, *more, audiences=(Audience.INTERNAL,))


def _message(payload: type[Payload], meaning: str) -> EventType:
    return _type(payload, meaning, ("referral",))


def _heads(service: str) -> EventType:
    """Return the entry of an audit event. Notify gets none, because it sends data out of the platform."""
    others = tuple(each for each in SERVICES if each not in {service, "notify"})
    meaning = "Where the chains of this service's audit are, for the others to hold."
    return _type(audit.noted_by(service), meaning, others, may_be_urgent=False)


def _reply(payload: type[Payload], meaning: str) -> EventType:
    return _type(payload, meaning, (), (Audience.FROM_PARTNER,))


_ALL = (
    _type(source.ReportSealed, "A source posts a report over AMQP, sealed so that only intake reads it.",
          (), _FROM_SOURCE, "sealed", owner="source"),
    EventType("intake.report.submitted.v1", "source", Report,
              "A source that cannot seal posts a report over AMQP: it lies readable on the broker's disk.",
              (), _FROM_SOURCE, "sensitive"),
    _type(intake.ReportReceipt, "The report a source posted is accepted.", (), _SOURCE),
    _type(intake.ReportRejected, "The report a source posted is refused.", (), _SOURCE),
    _type(intake.ReportAccepted, "A report is stored, with its urgency and why.", ("registry", "referral", "notify"),
          classification="sealed", notice=notices.Notice),
    _type(intake.ReportUpdated, "What a report is now: later facts, another urgency.", ("registry", "referral", "notify"),
          classification="sealed", notice=notices.Notice),
    _type(intake.ReportQuarantined, "A body of a form that is not accepted is stored for an operator; it may be urgent.",
          _NOTIFY, may_be_urgent=False, notice=notices.Notice),
    _type(intake.QuarantineFilled, "So much of one source is in quarantine that no more of it is accepted.",
          _NOTIFY, may_be_urgent=False, notice=notices.Notice),
    _type(intake.ReportWithdrawn, "The source withdrew the report.", ("registry", "referral")),
    _type(intake.NarrativeDisclosed, "The narrative, sealed to one partner.", ("referral",), _BOTH, "sealed"),
    _type(intake.NarrativeWithheld, "The narrative is not disclosed, and why.", ("referral",), _BOTH),
    _type(registry.DefenderResolved, "Who the case is about, as a reference.", ("referral", "notify"),
          notice=notices.ContactNotice),
    _type(registry.ConsentChanged, "A consent was given or withdrawn.", ("intake", "referral")),
    _type(registry.RestrictionsChanged, "The partners that the person of a case never wants have changed.", ("intake",)),
    _type(registry.CheckinMissed, "A sign of life did not come: it becomes a report.", ("intake",)),
    _type(registry.CheckinDuress, "A person asks for help in secret: it becomes a critical report.", ("intake",)),
    _type(registry.CheckinUnanswered, "A sign of life did not come: a human asks the people whom the person trusts.", _NOTIFY,
          notice=notices.Notice),
    _type(registry.ContactDisclosed, "Safe contact, sealed to one partner.", ("referral",), _BOTH, "sealed"),
    _type(registry.ContactWithheld, "The contact is not disclosed, and why.", ("referral",), _BOTH),
    _type(notify.AddressRequested, "Notify needs one address for one message.", ("registry",)),
    _type(registry.AddressHanded, "One address for one message, sealed to notify.", _NOTIFY, classification="sealed"),
    _type(registry.AddressRefused, "The address is not handed over now, and why.", _NOTIFY),
    _type(registry.ContactOutdated, "How a person may be reached is to be confirmed again.", _NOTIFY, may_be_urgent=False,
          notice=notices.Notice),
    _type(registry.ReviewDue, "A protection plan is to be reviewed.", _NOTIFY, may_be_urgent=False, notice=notices.Notice),
    _type(referral.CaseOpened, "Referral opened the case.", ("intake",)),
    _type(referral.CaseClosed, "No work is left, and why.", ("intake",)),
    _type(referral.CaseReopened, "A new fact has reopened a case or needs.", ("intake", "notify"), notice=notices.Notice),
    _type(referral.CaseOwned, "An operator owns the case from now on.", _NOTIFY, notice=notices.OwnerNotice),
    _type(referral.OfferMade, "A partner is asked to help.", ("notify",), _BOTH, notice=notices.Notice),
    _offer(referral.OfferAccepted, "A partner accepted the referral.", "registry"),
    _reported(referral.OfferDeclined, "A partner declined."),
    _offer(referral.OfferExpired, "A partner did not answer in time."),
    _reported(referral.OfferStarted, "The partner is at work."),
    _reported(referral.OfferCompleted, "The partner has completed it.", "registry"),
    _reported(referral.OfferFailed, "The partner could not do it.", "registry"),
    _offer(referral.OfferWithdrawn, "An open offer is withdrawn."),
    _offer(referral.OfferRecalled, "An accepted referral is recalled.", "registry"),
    _type(referral.NeedUnroutable, "No partner fits: why, and who was notified.", ("intake", "notify"), notice=notices.Notice),
    _type(referral.PartnerRevoked, "A partner was revoked and holds this need.", _NOTIFY, notice=notices.Notice),
    _type(referral.DisclosureMissed, "A partner accepted and has neither a contact or narrative nor a refusal in time.",
          _NOTIFY, notice=notices.Notice),
    _type(referral.ReplyAnswered, "A partner's reply, or a part of it, is invalid, and why.", (), _PARTNER),
    _message(notify.MessageSent, "The channel accepted the message."),
    _message(notify.MessageDelivered, "The message reached the recipient's side."),
    _message(notify.MessageFailed, "The message could not be sent; who is notified instead."),
    _message(notify.MessageRefused, "The message would not be safe, so it is not sent."),
    _message(notify.MessageAcknowledged, "A human has acknowledged it."),
    *(_heads(service) for service in SERVICES),
    _reply(replies.ReceiptReply, "The partner's own system has the offer."),
    _reply(replies.AcceptReply, "The partner accepts the referral."),
    _reply(replies.DeclineReply, "The partner declines."),
    _reply(replies.StartReply, "The partner starts work."),
    _reply(replies.CompleteReply, "The partner has completed it."),
    _reply(replies.FailReply, "The partner cannot do it."),
)  # fmt: skip

CATALOGUE: dict[str, EventType] = {entry.name: entry for entry in _ALL}


def gives_notice(name: str, service: str) -> bool:
    """Return True if a service gets the notice of an event of this type; False for a type that is not in the catalogue."""
    return name in CATALOGUE and CATALOGUE[name].gives_notice_to(service)


def type_named(name: str) -> EventType:
    """Look a type up. Raises UnknownType."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownType("the catalogue has no such event type") from None


def subscriptions_of(service: str) -> tuple[str, ...]:
    """Return the types that a service subscribes to on the internal exchange, one queue (and one urgent queue) each."""
    return tuple(entry.name for entry in _ALL if service in entry.subscribers)
