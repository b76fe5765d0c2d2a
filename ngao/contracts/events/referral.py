"""The events of referral."""

from __future__ import annotations

from datetime import datetime

from ngao.contracts.events.parts import FieldRefusal, Reason
from ngao.contracts.payloads import IfSet, Internal, Payload, Public, event, part


@event("referral.case.opened.v1")
class CaseOpened(Payload):
    """Referral has opened the case."""

    case_ref: Internal[str]
    urgency: Internal[str]
    needs: Internal[tuple[str, ...]]
    county: Internal[str]


@event("referral.case.closed.v1")
class CaseClosed(Payload):
    """No work is left for the case, and why."""

    case_ref: Internal[str]
    reason: Internal[str]


@event("referral.case.reopened.v1")
class CaseReopened(CaseOpened):
    """A new fact has opened a closed case again, or settled needs of an open one: why, and who was notified (a human, always).

    `needs_again` are the needs for which help is looked for again.
    """

    reason: Internal[str]
    reasons: Internal[tuple[Reason, ...]]
    told: Internal[str]
    needs_again: Internal[tuple[str, ...]] = ()


@event("referral.case.owned.v1")
class CaseOwned(Payload):
    """An operator owns the case from now on: the id of their account, since when, who set it (`kind:id`), and why, as a code."""

    case_ref: Internal[str]
    owner: Internal[str]
    since: Internal[datetime]
    set_by: Internal[str]
    reason: Internal[str]


@part()
class OfferEvent(Payload):
    """What every event about an offer holds.

    `case_salt` makes the partner's own reference of the case (see `ngao.kernel.pairwise`); a partner never gets it.
    """

    case_ref: Internal[str]
    offer_id: Internal[str]
    partner_id: Internal[str]
    need: Internal[str]
    urgency: Internal[str]
    case_salt: Internal[str | None] = None


@event("referral.offered.v1", schema="Offered")
class OfferMade(OfferEvent):
    """A partner is asked to help, until `respond_by`; what it needs to decide and no more.

    By the coalition's policy for the kind of support, `county`, `region` and `languages` may be empty; `referral.accepted` has
    them. `reasons` is empty; the timeline of the case has them.
    """

    county: Internal[str] = ""
    region: Internal[str] = ""
    languages: Internal[tuple[str, ...]] = ()
    respond_by: Internal[datetime]
    attempt: Internal[int]
    reasons: Internal[tuple[Reason, ...]] = ()
    policy_version: Internal[str]


@event("referral.accepted.v1", schema="Accepted")
class OfferAccepted(OfferEvent):
    """A partner accepted the referral; carries what disclosing services verify themselves, so that they need ask no one.

    Nothing is sealed to `partner_public_key` for its own sake: `vouch` is what operators signed of the partner's keys, and
    `signature` the partner's own over its acceptance. `again` is true if it was published before, with another vouch or none.
    `county` and `languages` are what the offer may have left out.
    """

    accepted_at: Internal[datetime]
    partner_public_key: Public[str]
    partner_key_id: Public[str]
    vouch: Public[str | None] = None
    signature: Public[str | None] = None
    signature_key_id: Public[str | None] = None
    again: IfSet[Internal[bool]] = False
    county: Internal[str] = ""
    languages: Internal[tuple[str, ...]] = ()


@event("referral.declined.v1", schema="Declined")
class OfferDeclined(OfferEvent):
    """A partner declined, by a coded reason."""

    reason: Internal[str]


@event("referral.expired.v1", schema="Expired")
class OfferExpired(OfferEvent):
    """A partner did not answer in time; `received` is true if it had at least the offer."""

    received: Internal[bool]


@event("referral.started.v1", schema="Started")
class OfferStarted(OfferEvent):
    """The partner is at work."""


@event("referral.completed.v1", schema="Completed")
class OfferCompleted(OfferEvent):
    """The partner has completed it, with a coded outcome."""

    outcome: Internal[str]


@event("referral.failed.v1", schema="Failed")
class OfferFailed(OfferEvent):
    """The partner had accepted and could not do it; the need is offered again."""

    reason: Internal[str]


@event("referral.withdrawn.v1", schema="Withdrawn")
class OfferWithdrawn(OfferEvent):
    """An open offer is withdrawn: the partner must not act on it."""

    reason: Internal[str]


@event("referral.recalled.v1", schema="Recalled")
class OfferRecalled(OfferEvent):
    """An accepted referral is recalled: the partner must stop and erase what was disclosed."""

    reason: Internal[str]


@event("referral.unroutable.v1", schema="Unroutable")
class NeedUnroutable(Payload):
    """No partner can be offered this need: why, and who was notified (a human, always)."""

    case_ref: Internal[str]
    need: Internal[str]
    urgency: Internal[str]
    reason: Internal[str]
    reasons: Internal[tuple[Reason, ...]]
    told: Internal[str]


@part()
class HelpInDoubt(NeedUnroutable):
    """A partner accepted this need, and whether it can help is in doubt: why, and who was notified (a human, always)."""

    offer_id: Internal[str]
    partner_id: Internal[str]


@event("referral.helper.revoked.v1", shape=HelpInDoubt)
class PartnerRevoked(HelpInDoubt):
    """A partner was revoked and holds this need."""


@event("referral.disclosure.missed.v1", shape=HelpInDoubt)
class DisclosureMissed(HelpInDoubt):
    """A partner accepted and has neither a contact or narrative nor a refusal in time."""


@event("referral.reply.answered.v1")
class ReplyAnswered(Payload):
    """The invalid parts of a partner's reply: which fields, never their values.

    With `taken` the rest of the reply is accepted; without, the offer is unchanged.
    """

    partner_id: Internal[str]
    offer_id: Internal[str | None] = None
    taken: Internal[bool]
    reason: Internal[str]
    errors: Internal[tuple[FieldRefusal, ...]]
