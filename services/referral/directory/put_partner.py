"""Create or replace a partner: its record, its keys, and what operators vouch for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import Call, Response, http, itself
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.security.identity import new_key as make_key
from ngao.kernel.urgency import CRITICAL
from services.referral.cases.events import accepted
from services.referral.context import Context, ReferralParts
from services.referral.directory.model import Partner, unknown_codes
from services.referral.directory.responses import PartnerRequest, PartnerView, checked_id, partner_from, partner_view
from services.referral.offers.withdraw_from_distrusted import withdraw_from_distrusted


@dataclass(frozen=True)
class StoredPartner:
    """A stored partner; `key` is its new bearer key, shown only once, or None if it keeps its own."""

    partner: Partner
    created: bool
    key: str | None


def gives_what_opens(ctx: Context, body: dict[str, Any], partner_id: str) -> bool:
    """Return True if this needs two operators, because the partner gets a key that opens what is stored or sealed for it.

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
    "/v1/partners/<partner_id>",
    roles="operator",
    scope="partners:write",
    audit=itself("partner.put"),
    request=PartnerRequest,
    returns={200: PartnerView, 201: PartnerView},
    two_person=gives_what_opens,
)
def put_partner(parts: ReferralParts, call: Call, body: dict[str, Any], partner_id: str) -> Response:
    """Create or replace a partner; a new one gets its bearer key, `new_key` gives another.

    The key is shown only once. Offers that the partner must not have any more are withdrawn immediately.
    """
    partner = partner_from(checked_id(partner_id), body)
    kept = parts.run(lambda ctx: store_partner(ctx, partner, new_key=body["new_key"]), call)
    parts.directory.forget()
    withdraw_from_distrusted(parts)
    return Response(201 if kept.created else 200, {**partner_view(kept.partner), "key": kept.key})


def store_partner(ctx: Context, partner: Partner, *, new_key: bool = False) -> StoredPartner:
    """Create or replace a partner. A new one gets a key; `new_key` asks for another; the last one stays valid beside it.

    A revoked partner returns with a new key only, and its old keys stay invalid. Raises InvalidInput, NotAllowedNow.
    """
    known = ctx.partners.get(partner.id)
    partner = _checked(ctx, partner, known)
    hashes = known.key_hashes if known and not known.revoked else ()
    if known and known.revoked and not new_key:
        raise NotAllowedNow("The partner was revoked. Ask for a new key to restore it.", slug="partner-revoked")
    key = None
    if new_key or not hashes:
        key, key_hash = make_key("partner", partner.id)
        hashes = (*hashes, key_hash)[-2:]
    kept = replace(_with_known_keys(partner, known), key_hashes=hashes, revision=known.revision if known else 0)
    ctx.partners.save(kept)
    if known and kept.vouch and kept.vouch != known.vouch:
        _publish_acceptances_again(ctx, kept)
    detail = {"key": "new" if key else "kept", "suspended": str(partner.suspended).lower()}
    ctx.audit("partner.put", subject=partner.id, detail=detail)
    return StoredPartner(kept, created=known is None, key=key)


def _checked(ctx: Context, partner: Partner, known: Partner | None) -> Partner:
    """Return it with the coalition's time zone if it has none. Raises InvalidInput for codes that are in no list."""
    if errors := unknown_codes(partner, known, ctx.vocabulary):
        raise InvalidInput("The partner has codes that are in no list; `errors` names them.", errors)
    return replace(partner, timezone=partner.timezone or ctx.policy.timezone)


def _keys(partner: Partner) -> tuple[str, str]:
    return partner.public_key, partner.signing_key


def _with_known_keys(partner: Partner, known: Partner | None) -> Partner:
    """Keep the keys that are not named, and the vouch as long as the keys are unchanged."""
    if known is None:
        return partner
    keys = {name: getattr(partner, name) or getattr(known, name) for name in ("public_key", "signing_key")}
    same = all(value == getattr(known, name) for name, value in keys.items())
    return replace(partner, **keys, vouch=partner.vouch or (known.vouch if same else ""))


def _publish_acceptances_again(ctx: Context, partner: Partner) -> None:
    """Publish the partner's acceptances again with the new vouch, so that what was withheld for its keys is disclosed."""
    for offer_id in ctx.engagements.at_work_of(partner.id):
        case = ctx.cases.of_offer(offer_id)
        offer = case.offer_with(offer_id) if case else None
        if case and offer and offer.at_work:
            ctx.publish(
                accepted(case, offer, partner, again=True),
                subject=case.id,
                urgent=case.urgency == CRITICAL,
                partner_id=partner.id,
                to=EVENTS,
                in_notice={"need_number": case.number_of(offer.need)},
            )
