"""A partner's message that cannot be taken is answered, whatever it makes break."""

from __future__ import annotations

import json

import pytest

from ngao.chassis.errors import Conflict, InvalidInput, NotFound
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.pipeline import Rejected
from ngao.contracts import FieldError, InvalidContent, Undecodable
from services.referral.offers.handle_partner_reply import answering

OFFER = "3b241101-e2bb-4255-8caf-4136c566a962"
POST = Delivery(
    "referral.partner-replies", "helper.accept", json.dumps({"data": {"offer_id": OFFER}}).encode(), "", "partner-helper", None
)
SIGNATURE = FieldError("/signature", "required", "Must be signed.")
BREAKS = {
    "unreadable": [ValueError("x"), OverflowError("x"), TypeError("x"), UnicodeEncodeError("utf-8", "x", 0, 1, "x")],
    "undecodable": [Undecodable("not JSON")],
    "invalid-content": [InvalidContent([SIGNATURE])],
    "not-found": [NotFound("There is no such offer.")],
    "acceptance-not-signed": [InvalidInput("It must be signed.", [SIGNATURE], slug="acceptance-not-signed")],
}


@pytest.mark.parametrize(("reason", "error"), [(reason, each) for reason, errors in BREAKS.items() for each in errors])
def test_its_partner_learns_at_once_why_it_changes_nothing(reason: str, error: Exception) -> None:
    with pytest.raises(Rejected) as refused, answering("helper", POST):
        raise error
    reply = refused.value.reply
    assert reply is not None
    assert (refused.value.slug, reply.partnerid) == (reason, "helper")
    assert (reply.data["taken"], reply.data["reason"], reply.data["offer_id"]) == (False, reason, OFFER)
    assert refused.value.__suppress_context__, "the first error may hold what was posted"


def test_what_another_attempt_can_mend_is_attempted_again() -> None:
    with pytest.raises(Conflict), answering("helper", POST):
        raise Conflict("Somebody else has changed the case.")
