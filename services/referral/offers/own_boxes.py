"""Give people of a partner what was sealed to it for an offer: only its private key opens that, and it is not here."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.handlers import http, itself
from ngao.chassis.security.seals import key_id
from ngao.contracts.classes import INTERNAL, PUBLIC, SEALED
from ngao.kernel.scopes import OF_OUTSIDER
from services.referral.context import Context
from services.referral.directory.model import Partner
from services.referral.offers.handle_reply import find_offer
from services.referral.offers.own import own_partner

_KEY_BYTES, _NONCE_BYTES = 32, 24


class OwnBoxView(Schema):
    """A sealed box, base64, and the id of the key that opens it. `part` is contact or narrative.

    `nonce` is BLAKE2b-24 of the box's own key and the partner's (libsodium, "Sealed boxes"): both are public, and a program
    without BLAKE2 needs it. It is empty for a box to an earlier key of the partner, which is not kept here.
    """

    part = fields.String(metadata=INTERNAL)
    key_id = fields.String(metadata=INTERNAL)
    public_key = fields.String(metadata=PUBLIC)
    nonce = fields.String(metadata=PUBLIC)
    box = fields.String(metadata=SEALED)


class OwnBoxesView(Schema):
    """What was sealed to the partner for one offer and may still be read: of each part the newest."""

    offer_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    boxes = fields.List(fields.Nested(OwnBoxView), metadata=INTERNAL)


@http.get(
    "/v1/own-offers/<offer_id>/boxes",
    roles="operator",
    scope="offers:read",
    audit=itself("offer.boxes_read"),
    returns=OwnBoxesView,
    bounded=(OF_OUTSIDER,),
)
def get_own_boxes(ctx: Context, offer_id: str) -> dict[str, Any]:
    """Give the contact and the narrative of an accepted offer, sealed to the partner. Raises NotFound, Forbidden.

    What was withheld, recalled or has passed its time is not among them.
    """
    partner = own_partner(ctx)
    case, offer = find_offer(ctx, partner.id, offer_id)
    newest = dict(ctx.partner_log.boxes_of(offer.id))
    detail = {"offer_id": offer.id, "partner_id": partner.id} | ({"parts": ",".join(sorted(newest))} if newest else {})
    ctx.audit("offer.boxes_read", subject=case.id, detail=detail)
    boxes = [_box(partner, part, event["data"]) for part, event in sorted(newest.items())]
    return {"offer_id": offer.id, "case_ref": case.ref_for(offer), "boxes": boxes}


def nonce_of(box: str, public_key: str) -> str:
    """Return the nonce of a sealed box for this key, base64."""
    ephemeral = b64decode(box)[:_KEY_BYTES]
    return b64encode(hashlib.blake2b(ephemeral + b64decode(public_key), digest_size=_NONCE_BYTES).digest()).decode()


def _box(partner: Partner, part: str, data: Mapping[str, Any]) -> dict[str, Any]:
    box, is_current = data["box"], data["key_id"] == key_id(partner.public_key)
    opens = {"public_key": partner.public_key, "nonce": nonce_of(box, partner.public_key)} if is_current else {}
    return {"part": part, "key_id": data["key_id"], "public_key": "", "nonce": "", "box": box, **opens}
