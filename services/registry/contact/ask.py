"""Answer whether a person may be contacted now, by which channel and with which rules, without saying the contact.

Every answer has the same fields and the same length, also for a person whom no one knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from marshmallow import fields

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError, codes
from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.kernel.scopes import OF_OUTSIDER
from services.registry.contact.model import NEVER, NO_NAME, Way, Why
from services.registry.contact.standing import ways_of_person
from services.registry.contact.ways import first_refusal
from services.registry.context import Context
from services.registry.disclosure.disclose import contact_held
from services.registry.people.finding import person_of

_LENGTH = 400
_LEAST = {
    "shared": True, "low_detail": True, "code_word": False, "stop_word": False, "instructions": False,
    "voicemail": NEVER, "caller_name": NO_NAME,
}  # fmt: skip
"""The careful rules of an answer that says no."""


class RulesAsked(Tolerant):
    """How the channel is used: `code_word`, `stop_word` and `instructions` say that there is one, not what it is."""

    shared = fields.Boolean(metadata=INTERNAL)
    low_detail = fields.Boolean(metadata=INTERNAL)
    code_word = fields.Boolean(metadata=INTERNAL)
    stop_word = fields.Boolean(metadata=INTERNAL)
    instructions = fields.Boolean(metadata=INTERNAL)
    voicemail = fields.String(metadata=INTERNAL)
    caller_name = fields.String(metadata=INTERNAL)


class ContactAsked(Tolerant):
    """Whether the person may be contacted now. `channels` are those that may be used at this moment.

    `padding` makes all answers equally long.
    """

    may_contact = fields.Boolean(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    channels = fields.List(fields.String(), metadata=INTERNAL)
    rules = fields.Nested(RulesAsked, metadata=INTERNAL)
    padding = fields.String(metadata=INTERNAL)


@http.get(
    "/v1/contact-safety/<ref>",
    roles="operator",
    scope="contacts:read",
    audit=itself("contact.asked"),
    returns=ContactAsked,
    summary="Ask whether a person may be contacted now; ?channel= asks about one channel only.",
)
def ask_contact(ctx: Context, ref: str, *, channel: str = "") -> dict[str, Any]:
    """Answer from what officers confirmed and all open reports state. Raises InvalidInput for an unknown channel."""
    if channel and channel not in codes.CHANNELS:
        detail = f"Must be one of: {', '.join(codes.CHANNELS)}."
        raise InvalidInput("The channel is unknown.", [FieldError("/channel", "unknown_code", detail)])
    person = person_of(ctx, ref)
    found = ways_of_person(ctx, person)[0] if person else []
    answer = answer_of(ctx, [way for way in found if channel in ("", way.channel)])
    subject = person.ref if person else "defenders"
    ctx.audit("contact.asked", subject=subject, detail={"may": str(answer["may_contact"]).lower(), "reason": answer["reason"]})
    return answer


@http.get(
    "/v1/own-offers/<offer_id>/contact-safety",
    roles="operator",
    scope="offers:read",
    audit=itself("contact.asked"),
    returns=ContactAsked,
    bounded=(OF_OUTSIDER,),
    summary="Ask, as a partner, whether the person of an accepted offer may be contacted now.",
)
def ask_contact_of_offer(ctx: Context, offer_id: str) -> dict[str, Any]:
    """Answer from the contact that this partner has, as it may be used now: others' reports show in nothing.

    An offer of another partner, one that is over, and one whose contact is withheld get the same no. Raises NotFound for an
    account that belongs to no partner.
    """
    caller = ctx.principal
    partner_id = caller.outsider if caller and caller.grant.reach == OF_OUTSIDER else ""
    if not partner_id:
        raise NotFound("This account belongs to no partner.")
    answer = answer_of(ctx, contact_held(ctx, offer_id, partner_id))
    if answer["reason"] != Why.OUTSIDE_HOURS and not answer["may_contact"]:
        answer = _padded(answer | {"reason": str(Why.NOT_SAFE)})
    ctx.audit("contact.asked", subject="offers", detail={"partner_id": partner_id, "reason": answer["reason"]})
    return answer


def answer_of(ctx: Context, found: Iterable[Way]) -> dict[str, Any]:
    """Return the answer about these contacts at this moment: where several may be used, the rules that suit all of them."""
    ways = list(found)
    now = [way for way in ways if way.may_now(ctx.now) is None]
    if not now:
        return _padded({"may_contact": False, "reason": str(first_refusal(ways, ctx.now)), "channels": [], "rules": _LEAST})
    rules = [way.rule for way in now]
    said = {
        "shared": any(rule.is_shared for rule in rules),
        "low_detail": any(rule.low_detail for rule in rules),
        "code_word": any(rule.code_word for rule in rules),
        "stop_word": any(rule.stop_word for rule in rules),
        "instructions": any(rule.instructions for rule in rules),
        "voicemail": min((rule.voicemail for rule in rules), key=("never", "no_content", "allowed").index),
        "caller_name": min((rule.caller_name for rule in rules), key=("none", "own_name", "organisation").index),
    }
    return _padded({"may_contact": True, "reason": "", "channels": sorted({rule.channel for rule in rules}), "rules": said})


def _padded(answer: dict[str, Any]) -> dict[str, Any]:
    bare = {**answer, "padding": ""}
    return {**bare, "padding": "0" * (_LENGTH - len(json.dumps(bare, separators=(",", ":"))))}
