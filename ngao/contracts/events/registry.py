"""The events of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ngao.contracts.events.intake import StatedConsent
from ngao.contracts.events.parts import Disclosed, Withheld
from ngao.contracts.payloads import Internal, Lasting, Part, Payload, Sealed, event, part
from ngao.kernel.consent import ConsentChange, Statement


@part()
class Restriction(Part):
    """A restriction of the person: never refer them to this partner."""

    kind: Internal[str]
    partner_id: Internal[str | None] = None
    reason: Internal[str | None] = None


@part()
class ContactSummary(Part):
    """Whether and by which kind of channel the person may be notified; no address, no hours."""

    may_contact: Internal[bool]
    channels: Internal[tuple[str, ...]]


@event("registry.defender.resolved.v1")
class DefenderResolved(Payload):
    """Who the case is about, as a reference; `resolution` says how the registry knows."""

    case_ref: Internal[str]
    defender_ref: Internal[str | None] = None
    resolution: Internal[str]
    restrictions: Internal[tuple[Restriction, ...]]
    attributes: Internal[Mapping[str, Any]] = field(default_factory=dict)
    contact: Internal[ContactSummary]


@event("registry.consent.changed.v1")
class ConsentChanged(Payload):
    """A consent was given or withdrawn after the report.

    `retracted` is true if another person turned out to have said it: for this case it never held. Its moment, purpose, recipient
    and end name the statement, whatever its scope.
    """

    case_ref: Internal[str]
    defender_ref: Internal[str | None] = None
    purpose: Internal[str]
    scope: Internal[tuple[str, ...]]
    recipient: Internal[str | None] = None
    until: Internal[Lasting | None] = None
    granted: Internal[bool]
    effective_at: Internal[datetime]
    retracted: Internal[bool] = False

    @property
    def statement(self) -> Statement:
        """Return the person's statement, from which every service decides what consent allows."""
        return Statement(self.purpose, self.scope, self.recipient, self.until, self.effective_at, self.granted)

    def change(self, sequence: int | None) -> ConsentChange:
        """Return what an event with this sequence says about that statement."""
        return ConsentChange(self.statement, sequence or 0, self.retracted)


@event("registry.restrictions.changed.v1")
class RestrictionsChanged(Payload):
    """The partners to whom the person of a case must never be referred, all that there are now.

    It is published when they change, so that a case without restrictions costs no message. `registry.defender.resolved` has them
    as well, for referral.
    """

    case_ref: Internal[str]
    partner_ids: Internal[tuple[str, ...]]


@event("registry.contact.outdated.v1")
class ContactOutdated(Payload):
    """How a person may be reached is to be confirmed again by a human.

    `case_ref` is the newest open case; for a person without one it is the person's own reference.
    """

    case_ref: Internal[str]
    defender_ref: Internal[str]
    urgency: Internal[str] = "low"


@event("registry.checkin.missed.v1")
class CheckinMissed(Payload):
    """A sign of life did not come, and no one could say that the person is safe: intake makes a report of it.

    `defender_ref` is the reference that the person has for the source `check-ins` alone. `consent` is what she agreed to for this
    when the check-in was planned. `occasion` counts the times that this plan was due.
    """

    checkin_id: Internal[str]
    occasion: Internal[int]
    defender_ref: Internal[str]
    kind: Internal[str]
    due_at: Internal[datetime]
    county: Internal[str | None] = None
    languages: Internal[tuple[str, ...]] = ()
    needs: Internal[tuple[str, ...]] = ()
    consent: Internal[tuple[StatedConsent, ...]] = ()


@event("registry.checkin.duress.v1")
class CheckinDuress(CheckinMissed):
    """The person has asked for help in secret, by an answer that looks like any other: intake makes a critical report of it.

    Nothing that an onlooker can see says so. `due_at` is when she answered.
    """


@event("registry.checkin.unanswered.v1")
class CheckinUnanswered(Payload):
    """A sign of life did not come: a human asks the people whom she trusts, until `report_at`, when it is reported.

    `case_ref` is no case: it is the id of the check-in, so that one alarm is raised for it.
    """

    case_ref: Internal[str]
    urgency: Internal[str]
    report_at: Internal[datetime]


@event("registry.review.due.v1")
class ReviewDue(Payload):
    """A protection plan is to be reviewed by a human. Published once for each saved version.

    `case_ref` is the person's own reference: a plan is no matter of one case.
    """

    case_ref: Internal[str]
    defender_ref: Internal[str]
    about: Internal[str]
    version: Internal[int]
    urgency: Internal[str] = "low"


@event("registry.address.handed.v1")
class AddressHanded(Payload):
    """One address for one message, sealed to notify. It is used once, and not after `until`."""

    message_id: Internal[str]
    ask_id: Internal[str]
    case_ref: Internal[str]
    channel: Internal[str]
    until: Internal[datetime]
    key_id: Internal[str]
    box: Sealed[str]


@event("registry.address.refused.v1")
class AddressRefused(Payload):
    """The address is not handed over now, and why, as a code. `wait` is true if it may be later."""

    message_id: Internal[str]
    ask_id: Internal[str]
    case_ref: Internal[str]
    reason: Internal[str]
    wait: Internal[bool] = False


@event("registry.contact.disclosed.v1")
class ContactDisclosed(Disclosed):
    """How to reach the person safely, sealed to the one partner that accepted.

    `supersedes` is true if it replaces an earlier disclosure of this offer, which must not be used any more.
    """

    supersedes: Internal[bool] = False


@event("registry.contact.withheld.v1", shape=Withheld)
class ContactWithheld(Withheld):
    """The contact is not disclosed, and why."""
