"""What partners post over AMQP: from a delivery to a reply, or to an answer that says at once why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import Forbidden, InvalidInput, NgaoError, Permanent
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.consumer import Rejected
from ngao.contracts import ContractError, Event, FieldError, InvalidContent, Undecodable, decode, make, open_event, parse_json
from ngao.contracts.catalogue import type_named
from services.referral.messages import reply_from
from services.referral.offers.model import Offer, Reply, Verb

ANSWERED = "referral.reply.answered.v1"
_OFFER_ID = re.compile(r"[0-9a-f-]{36}")
_MOST_IGNORED = 20


@dataclass(frozen=True)
class Post:
    """What came from a partner over AMQP, as the broker vouches for it."""

    body: bytes
    routing_key: str
    user_id: str | None


@dataclass(frozen=True)
class Posted:
    """A partner's reply as it can be taken. `ignored` names members that no reply has; they are left out."""

    reply: Reply
    type: str
    traceparent: str | None
    ignored: tuple[str, ...] = ()


def partner_of(post: Post) -> str:
    """The partner that published a reply, as the broker vouches for it; raises Forbidden."""
    partner_id = post.routing_key.partition(".")[0]
    if not partner_id or post.user_id != outsider_account("partner", partner_id):
        raise Forbidden("The message was not published by the partner whose key it carries.")
    return partner_id


def reply_in(post: Post) -> Posted:
    """The reply of a partner; raises Permanent, ContractError."""
    verb = post.routing_key.partition(".")[2]
    if verb not in set(Verb):
        raise ReplyBroken("The routing key names no reply.")
    event = decode(post.body)
    if event.type != f"partner.offer.{verb}.v1":
        raise ReplyBroken("The event's type is not the one its routing key names.")
    known = type_named(event.type).schema().fields
    data = open_event(replace(event, data={name: value for name, value in event.data.items() if name in known}))
    ignored = tuple(f"/data/{name}" for name in event.data if name not in known)
    return Posted(reply_from(Verb(verb), data), event.type, event.traceparent, ignored[:_MOST_IGNORED])


class ReplyBroken(Permanent):
    """A message of a partner that is no reply."""

    slug = "reply-broken"


class ReplyUnworkable(Permanent):
    """A reply that can be read and that nothing can be made of."""

    slug = "unreadable"


@contextmanager
def answering(partner_id: str, post: Post) -> Iterator[None]:
    """Whatever a partner's message makes break here becomes an answer to that partner; raises Rejected."""
    try:
        yield
    except (ContractError, Permanent) as error:
        raise refusal_of(error, partner_id, post) from None
    except (ValueError, OverflowError, TypeError):
        # It would break at every attempt: the partner gets its answer now, not after an hour of attempts.
        broken = ReplyUnworkable("The reply holds something that cannot be worked with.")
        raise refusal_of(broken, partner_id, post) from None


def refusal_of(error: NgaoError | ContractError, partner_id: str, post: Post) -> Rejected:
    """What parks a partner's message and tells the partner at once why it changes nothing."""
    broken = error.errors if isinstance(error, InvalidInput | InvalidContent) else []
    errors = broken_fields(broken)
    answer = answer_event(partner_id, _offer_named(post), error.slug, errors, taken=False)
    return Rejected(error.slug, errors, answer, to=PARTNERS)


def ignored_event(partner_id: str, posted: Posted) -> Event:
    """Tells a partner what of its reply was left out."""
    detail = "No reply has this member. The reply was taken without it."
    errors = broken_fields(FieldError(pointer, "ignored", detail) for pointer in posted.ignored)
    return answer_event(partner_id, posted.reply.offer_id, "ignored", errors, taken=True)


def late_event(partner_id: str, offer: Offer) -> Event:
    """Tells a partner that its reply is not possible in the offer's state."""
    return answer_event(partner_id, offer.id, "offer-state", broken_fields([state_error(offer)]), taken=False)


def state_error(offer: Offer) -> FieldError:
    """Why a reply to an offer is not possible: the coded reason that ended it, else its state."""
    return FieldError("/offer_id", offer.detail_for_partner or offer.state.value, f"The offer is {offer.state.value}.")


def answer_event(
    partner_id: str, offer_id: str | None, reason: str, errors: list[dict[str, str]], *, taken: bool
) -> Event:
    """The answer to a partner's message, for that partner alone."""
    data = {"partner_id": partner_id, "offer_id": offer_id, "taken": taken, "reason": reason, "errors": errors}
    return make(ANSWERED, subject=offer_id or partner_id, data=data, partner_id=partner_id)


def _offer_named(post: Post) -> str | None:
    """The offer that a broken message seems to be about, if it names one of ours."""
    try:
        document = parse_json(post.body)
    except Undecodable:
        return None
    data = document.get("data") if isinstance(document, dict) else None
    named = data.get("offer_id") if isinstance(data, dict) else None
    return named if isinstance(named, str) and _OFFER_ID.fullmatch(named) else None
