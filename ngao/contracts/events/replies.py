"""The answers of partners to an offer."""

from __future__ import annotations

from typing import Annotated

from marshmallow import validate

from ngao.contracts import codes
from ngao.contracts.payloads import IfSet, Internal, Payload, Public, event, part


@part(strict=True)
class OfferReply(Payload):
    """What a partner answers; the verb is in the event type or the URL. Over AMQP referral leaves out what no reply has."""

    offer_id: Internal[Annotated[str, validate.Length(min=1, max=64)]]


@event("partner.offer.receipt.v1", shape=OfferReply)
class ReceiptReply(OfferReply):
    """The partner's own system has the offer."""


@event("partner.offer.accept.v1")
class AcceptReply(OfferReply):
    """An acceptance, with the partner's signature (`ngao.contracts.acceptance`): a partner that has a signing key must sign."""

    signature: IfSet[Public[Annotated[str, validate.Length(max=128)] | None]] = None
    signature_key_id: IfSet[Public[Annotated[str, validate.Length(max=64)] | None]] = None


@event("partner.offer.decline.v1")
class DeclineReply(OfferReply):
    """A refusal with its reason."""

    reason: Internal[Annotated[str, validate.OneOf(codes.DECLINE_REASONS)]]


@event("partner.offer.start.v1", shape=OfferReply)
class StartReply(OfferReply):
    """The partner starts work."""


@event("partner.offer.complete.v1")
class CompleteReply(OfferReply):
    """Work done, with its outcome."""

    outcome: Internal[Annotated[str, validate.OneOf(codes.OUTCOMES)]] = "helped"


@event("partner.offer.fail.v1")
class FailReply(OfferReply):
    """Work that could not be done, with its reason."""

    reason: Internal[Annotated[str, validate.OneOf(codes.FAIL_REASONS)]]
