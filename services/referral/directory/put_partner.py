"""Operators keep a partner: its record, its keys, and what operators vouch for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import Answer, Call, http, itself
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.security.identity import new_key as make_key
from ngao.kernel.urgency import CRITICAL
from services.referral.cases.events import accepted
from services.referral.context import Context, ReferralParts
from services.referral.directory.model import Partner, unknown_codes
from services.referral.directory.responses import PartnerRequest, PartnerView, checked_id, partner_from, partner_view
from services.referral.offers.shut_out import shut_out


@dataclass(frozen=True)
class Kept:
    """A partner as it is kept now; `key` is its new bearer key, shown this once, or None if it keeps its own."""

    partner: Partner
    created: bool
    key: str | None


def gives_what_opens(ctx: Context, body: dict[str, Any], partner_id: str) -> bool:
    """Whether to keep the partner like this takes two operators: somebody is given what opens things kept or sealed for it.

    That is a key for boxes or signatures that is not the known one, a bearer key of a known partner, and the return of a revoked
    one, which `put_partner` refuses without a new key. Raises InvalidInput.
    """
    partner, new_key = partner_from(checked_id(partner_id), body), bool(body["new_key"])
    known = ctx.partners.get(partner.id)
    _checked(ctx, partner, known)
    if known is None:
        return bool(partner.public_key or partner.signing_key)
    if known.revoked:
        return new_key
    return new_key or not known.key_hashes or _keys(_with_known_keys(partner, known)) != _keys(known)


@http.put(
    "/v1/partners/<partner_id>", roles="operator", scope="partners:write", audit=itself("partner.put"), request=PartnerRequest,
    returns={200: PartnerView, 201: PartnerView}, two_person=gives_what_opens,
)  # fmt: skip
def put_partner(parts: ReferralParts, call: Call, body: dict[str, Any], partner_id: str) -> Answer:
    """Create or replace a partner; a new one gets its bearer key, `new_key` gives another.

    The key is shown this once. Offers that the partner must not have any more are taken back at once.
    """
    partner = partner_from(checked_id(partner_id), body)
    kept = parts.run(lambda ctx: keep_partner(ctx, partner, new_key=body["new_key"]), call)
    parts.directory.forget()
    shut_out(parts)
    return Answer(201 if kept.created else 200, {**partner_view(kept.partner), "key": kept.key})


def keep_partner(ctx: Context, partner: Partner, *, new_key: bool = False) -> Kept:
    """Create or replace a partner. A new one gets a key; `new_key` asks for another; the last one stays valid beside it.

    A partner that was revoked comes back with a new key only, and its old keys stay dead. Raises InvalidInput, NotAllowedNow.
    """
    known = ctx.partners.get(partner.id)
    partner = _checked(ctx, partner, known)
    hashes = known.key_hashes if known and not known.revoked else ()
    if known and known.revoked and not new_key:
        raise NotAllowedNow("The partner was revoked. Ask for a new key to take it on again.", slug="partner-revoked")
    key = None
    if new_key or not hashes:
        key, key_hash = make_key("partner", partner.id)
        hashes = (*hashes, key_hash)[-2:]
    kept = replace(_with_known_keys(partner, known), key_hashes=hashes, revision=known.revision if known else 0)
    ctx.partners.put(kept)
    if known and kept.vouch and kept.vouch != known.vouch:
        _tell_of_vouch(ctx, kept)
    detail = {"key": "new" if key else "kept", "suspended": str(partner.suspended).lower()}
    ctx.audit("partner.put", subject=partner.id, detail=detail)
    return Kept(kept, created=known is None, key=key)


def _checked(ctx: Context, partner: Partner, known: Partner | None) -> Partner:
    """With the coalition's time zone if it has none; raises InvalidInput for codes that are in no list."""
    if errors := unknown_codes(partner, known, ctx.vocabulary):
        raise InvalidInput("The partner has codes that are in no list; `errors` names them.", errors)
    return replace(partner, timezone=partner.timezone or ctx.policy.timezone)


def _keys(partner: Partner) -> tuple[str, str]:
    return partner.public_key, partner.signing_key


def _with_known_keys(partner: Partner, known: Partner | None) -> Partner:
    """The keys that are not named stay; a vouch stays as long as the keys do."""
    if known is None:
        return partner
    keys = {name: getattr(partner, name) or getattr(known, name) for name in ("public_key", "signing_key")}
    same = all(value == getattr(known, name) for name, value in keys.items())
    return replace(partner, **keys, vouch=partner.vouch or (known.vouch if same else ""))


def _tell_of_vouch(ctx: Context, partner: Partner) -> None:
    """What was withheld from a partner at work for its keys is disclosed now; the partner knows of its acceptance."""
    for offer_id in ctx.engagements.taken_of(partner.id):
        case = ctx.cases.of_offer(offer_id)
        offer = case.offer_with(offer_id) if case else None
        if case and offer and offer.taken:
            ctx.publish(
                accepted(case, offer, partner, again=True), subject=case.id, urgent=case.urgency == CRITICAL,
                partner_id=partner.id, to=EVENTS, in_notice={"need_number": case.number_of(offer.need)},
            )  # fmt: skip
