"""What referral says, and what partners answer."""

from __future__ import annotations

from marshmallow import fields, validate

from ngao.contracts import codes
from ngao.contracts.classes import INTERNAL, PUBLIC, Moment, Strict, Tolerant
from ngao.contracts.schemas.intake import Reason, Refusal


class CaseOpened(Tolerant):
    """Referral has taken the case on."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    needs = fields.List(fields.String(), required=True, metadata=INTERNAL)
    county = fields.String(required=True, metadata=INTERNAL)


class CaseClosed(Tolerant):
    """Nothing is left to do for the case, and why."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)


class CaseReopened(CaseOpened):
    """News has opened a closed case again, or settled needs of an open one: why, and who was told (a human, always).

    `needs_again` are the needs for which help is looked for anew.
    """

    reason = fields.String(required=True, metadata=INTERNAL)
    reasons = fields.List(fields.Nested(Reason), required=True, metadata=INTERNAL)
    told = fields.String(required=True, metadata=INTERNAL)
    needs_again = fields.List(fields.String(), load_default=list, metadata=INTERNAL)


class _OfOffer(Tolerant):
    """`case_salt` makes the partner's own reference of the case (see `ngao.kernel.pairwise`); a partner never gets it."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    offer_id = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(required=True, metadata=INTERNAL)
    need = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    case_salt = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)


class Offered(_OfOffer):
    """A partner is asked to help, until `respond_by`; what it needs to decide and no more.

    By the coalition's policy for the kind of support, `county`, `region` and `languages` may be empty; `referral.accepted` has
    them. `reasons` is empty; the story of the case has them.
    """

    county = fields.String(load_default="", dump_default="", metadata=INTERNAL)
    region = fields.String(load_default="", dump_default="", metadata=INTERNAL)
    languages = fields.List(fields.String(), load_default=list, dump_default=list, metadata=INTERNAL)
    respond_by = Moment(required=True, metadata=INTERNAL)
    attempt = fields.Integer(required=True, metadata=INTERNAL)
    reasons = fields.List(fields.Nested(Reason), load_default=list, dump_default=list, metadata=INTERNAL)
    policy_version = fields.String(required=True, metadata=INTERNAL)


class Accepted(_OfOffer):
    """A partner took the referral; carries what disclosers verify for themselves, so that they ask nobody.

    Nothing is sealed to `partner_public_key` for its own sake: `vouch` is what operators signed of the partner's keys, and
    `signature` the partner's own over its acceptance. `again` is true if it was published before, with another vouch or none.
    `county` and `languages` are what the offer may have left out.
    """

    accepted_at = Moment(required=True, metadata=INTERNAL)
    partner_public_key = fields.String(required=True, metadata=PUBLIC)
    partner_key_id = fields.String(required=True, metadata=PUBLIC)
    vouch = fields.String(load_default=None, allow_none=True, metadata=PUBLIC)
    signature = fields.String(load_default=None, allow_none=True, metadata=PUBLIC)
    signature_key_id = fields.String(load_default=None, allow_none=True, metadata=PUBLIC)
    again = fields.Boolean(load_default=False, metadata=INTERNAL)
    county = fields.String(load_default="", metadata=INTERNAL)
    languages = fields.List(fields.String(), load_default=list, metadata=INTERNAL)


class Declined(_OfOffer):
    """A partner said no, by a coded reason."""

    reason = fields.String(required=True, metadata=INTERNAL)


class Expired(_OfOffer):
    """A partner did not answer in time; `received` tells whether it had at least the offer."""

    received = fields.Boolean(required=True, metadata=INTERNAL)


class Started(_OfOffer):
    """The partner is at work."""


class Completed(_OfOffer):
    """The partner has done it, with a coded outcome."""

    outcome = fields.String(required=True, metadata=INTERNAL)


class Failed(_OfOffer):
    """The partner had accepted and could not do it; the need is offered again."""

    reason = fields.String(required=True, metadata=INTERNAL)


class Withdrawn(_OfOffer):
    """An open offer is taken back: the partner must not act on it."""

    reason = fields.String(required=True, metadata=INTERNAL)


class Recalled(_OfOffer):
    """An accepted referral is taken back: the partner must stop and forget what was disclosed."""

    reason = fields.String(required=True, metadata=INTERNAL)


class Unroutable(Tolerant):
    """No partner can be offered this need: why, and who was told (a human, always)."""

    case_ref = fields.String(required=True, metadata=INTERNAL)
    need = fields.String(required=True, metadata=INTERNAL)
    urgency = fields.String(required=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)
    reasons = fields.List(fields.Nested(Reason), required=True, metadata=INTERNAL)
    told = fields.String(required=True, metadata=INTERNAL)


class HelpInDoubt(Unroutable):
    """A partner took this need, and whether it can help is in doubt: why, and who was told (a human, always)."""

    offer_id = fields.String(required=True, metadata=INTERNAL)
    partner_id = fields.String(required=True, metadata=INTERNAL)


class ReplyAnswered(Tolerant):
    """What could not be taken of a partner's reply: which fields, never their values.

    With `taken` the rest of the reply counts; without, the offer stands where it stood.
    """

    partner_id = fields.String(required=True, metadata=INTERNAL)
    offer_id = fields.String(load_default=None, allow_none=True, metadata=INTERNAL)
    taken = fields.Boolean(required=True, metadata=INTERNAL)
    reason = fields.String(required=True, metadata=INTERNAL)
    errors = fields.List(fields.Nested(Refusal), required=True, metadata=INTERNAL)


class OfferReply(Strict):
    """What a partner answers; the verb is in the event type or the URL. Over AMQP referral leaves out what no reply has."""

    offer_id = fields.String(required=True, validate=validate.Length(min=1, max=64), metadata=INTERNAL)


class AcceptReply(OfferReply):
    """A yes, with the partner's signature over it (`ngao.contracts.acceptance`): a partner that has a signing key must sign."""

    signature = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128), metadata=PUBLIC)
    signature_key_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64), metadata=PUBLIC)


class DeclineReply(OfferReply):
    """A refusal with its reason."""

    reason = fields.String(required=True, validate=validate.OneOf(codes.DECLINE_REASONS), metadata=INTERNAL)


class CompleteReply(OfferReply):
    """Work done, with its outcome."""

    outcome = fields.String(load_default="helped", validate=validate.OneOf(codes.OUTCOMES), metadata=INTERNAL)


class FailReply(OfferReply):
    """Work that could not be done, with its reason."""

    reason = fields.String(required=True, validate=validate.OneOf(codes.FAIL_REASONS), metadata=INTERNAL)
