"""Handle partners' replies over AMQP. An invalid reply is answered immediately, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import Forbidden, InvalidInput, NgaoError, Permanent
from ngao.chassis.handlers import on_edge
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.pipeline import Rejected
from ngao.contracts import (
    ContractError,
    FieldError,
    InvalidContent,
    Undecodable,
    decode,
    event_of,
    open_event,
    parse_json,
    received,
)
from ngao.contracts.events.parts import FieldRefusal
from ngao.contracts.events.referral import ReplyAnswered
from ngao.contracts.events.replies import (
    AcceptReply,
    CompleteReply,
    DeclineReply,
    FailReply,
    OfferReply,
    ReceiptReply,
    StartReply,
)
from services.referral.context import Context
from services.referral.offers.handle_reply import handle_reply, state_error
from services.referral.offers.model import ENDED_BY_COALITION, Offer, Reply, ReplyOutcome, Verb

_OFFER_ID = re.compile(r"[0-9a-f-]{36}")
_MOST_IGNORED = 20
_REPLIES: dict[Verb, type[OfferReply]] = {
    Verb.RECEIPT: ReceiptReply,
    Verb.ACCEPT: AcceptReply,
    Verb.DECLINE: DeclineReply,
    Verb.START: StartReply,
    Verb.COMPLETE: CompleteReply,
    Verb.FAIL: FailReply,
}


class ReplyBroken(Permanent):
    """A message of a partner that is no reply."""

    slug = "reply-broken"


class ReplyUnworkable(Permanent):
    """A reply that can be parsed but not processed."""

    slug = "unreadable"


@dataclass(frozen=True)
class Posted:
    """A partner's reply in the form in which it is handled. `ignored` names members that no reply has; they are left out."""

    reply: Reply
    traceparent: str | None
    ignored: tuple[str, ...] = ()


@on_edge("partner-replies", queue="referral.partner-replies", outsiders="partners")
def on_partner_reply(ctx: Context, delivery: Delivery) -> None:
    """Handle a reply that came over AMQP; one that is too early is stored, because AMQP may have reordered it.

    An invalid reply is answered immediately: a partner without an answer would wait until its offer expires.
    """
    partner_id = _partner_of(delivery)
    with answering(partner_id, delivery):
        posted = _reply_in(delivery)
        ctx.unit.traceparent = posted.traceparent
        outcome, _, offer = handle_reply(ctx, partner_id, posted.reply, keep_early=True)
    if posted.ignored:
        _publish(ctx, _ignored(partner_id, posted))
    if outcome is ReplyOutcome.LATE and offer.state not in ENDED_BY_COALITION:
        _publish(ctx, late_answer(partner_id, offer))


def _partner_of(delivery: Delivery) -> str:
    """Return the partner that published a reply, as the broker vouches for it. Raises Forbidden."""
    partner_id = delivery.routing_key.partition(".")[0]
    if not partner_id or delivery.user_id != outsider_account("partner", partner_id):
        raise Forbidden("The message was not published by the partner whose key it carries.")
    return partner_id


def _reply_in(delivery: Delivery) -> Posted:
    """Return the reply of a partner. Raises Permanent, ContractError."""
    name = delivery.routing_key.partition(".")[2]
    if name not in set(Verb):
        raise ReplyBroken("The routing key names no reply.")
    verb, event = Verb(name), decode(delivery.body)
    kind = _REPLIES[verb]
    if event.type != kind.type_name:
        raise ReplyBroken("The event's type is not the one its routing key names.")
    known = kind.__dataclass_fields__
    data = open_event(replace(event, data={name: value for name, value in event.data.items() if name in known}))
    ignored = tuple(f"/data/{name}" for name in event.data if name not in known)
    reply = _reply_of(verb, received(kind, replace(event, data=data)))
    return Posted(reply, event.traceparent, ignored[:_MOST_IGNORED])


def _reply_of(verb: Verb, reply: OfferReply) -> Reply:
    match reply:
        case AcceptReply():
            return Reply(reply.offer_id, verb, signature=reply.signature or "", signature_key_id=reply.signature_key_id or "")
        case DeclineReply() | FailReply():
            return Reply(reply.offer_id, verb, reply.reason)
        case CompleteReply():
            return Reply(reply.offer_id, verb, reply.outcome)
    return Reply(reply.offer_id, verb)


@contextmanager
def answering(partner_id: str, delivery: Delivery) -> Iterator[None]:
    """Turn every error that a partner's message causes here into an answer to that partner. Raises Rejected."""
    try:
        yield
    except (ContractError, Permanent) as error:
        raise _refusal_of(error, partner_id, delivery) from None
    except (ValueError, OverflowError, TypeError):
        # It would fail at every attempt: the partner gets its answer now, not after an hour of attempts.
        broken = ReplyUnworkable("The reply has a value that cannot be processed.")
        raise _refusal_of(broken, partner_id, delivery) from None


def _refusal_of(error: NgaoError | ContractError, partner_id: str, delivery: Delivery) -> Rejected:
    """Return the error that parks a partner's message and informs the partner immediately why it changes nothing."""
    broken = error.errors if isinstance(error, InvalidInput | InvalidContent) else []
    answer = _answer(partner_id, _offer_named(delivery), error.slug, broken, processed=False)
    reply = event_of(answer, subject=_subject(answer), partner_id=partner_id)
    return Rejected(error.slug, broken_fields(broken), reply, to=PARTNERS)


def _ignored(partner_id: str, posted: Posted) -> ReplyAnswered:
    """Answer which parts of a reply were left out."""
    detail = "No reply has this member. The reply was accepted without it."
    errors = [FieldError(pointer, "ignored", detail) for pointer in posted.ignored]
    return _answer(partner_id, posted.reply.offer_id, "ignored", errors, processed=True)


def late_answer(partner_id: str, offer: Offer) -> ReplyAnswered:
    """Answer that a reply is not possible in the offer's state."""
    return _answer(partner_id, offer.id, "offer-state", [state_error(offer)], processed=False)


def _answer(
    partner_id: str, offer_id: str | None, reason: str, errors: Sequence[FieldError], *, processed: bool
) -> ReplyAnswered:
    refused = tuple(FieldRefusal(**error) for error in broken_fields(errors))
    return ReplyAnswered(partner_id=partner_id, offer_id=offer_id, taken=processed, reason=reason, errors=refused)


def _subject(answer: ReplyAnswered) -> str:
    return answer.offer_id or answer.partner_id


def _publish(ctx: Context, answer: ReplyAnswered) -> None:
    """Publish an answer to a partner's message, for that partner alone."""
    ctx.publish(answer, subject=_subject(answer), partner_id=answer.partner_id, to=PARTNERS)


def _offer_named(delivery: Delivery) -> str | None:
    """Return the offer that an invalid message seems to be about, if it names one of ours."""
    try:
        document = parse_json(delivery.body)
    except Undecodable:
        return None
    data = document.get("data") if isinstance(document, dict) else None
    named = data.get("offer_id") if isinstance(data, dict) else None
    return named if isinstance(named, str) and _OFFER_ID.fullmatch(named) else None
