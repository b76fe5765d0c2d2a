"""Who may open a box is fixed where it is sealed: no event, no other service's database and no operator's key redirects it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pymongo
import pytest

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.security.vouches import Statement
from ngao.contracts import CONTENT_TYPE, encode, make
from ngao.testing.vouching import Onboarding, PartnerKeys
from ngao.testing.waiting import eventually
from tests.support.coalition import Coalition, Partner, Source, report

WITHHELD = ("registry.contact.withheld", "intake.narrative.withheld")
DISCLOSED = ("registry.contact.disclosed", "intake.narrative.disclosed")


@pytest.fixture
def directory(coalition: Coalition) -> Iterator[Any]:
    """Referral's own record of partners, in the hands of whoever writes its database."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    yield client[coalition.world.database("referral")].partners
    client.close()


def demand_withheld(partner: Partner, case_ref: str, reason: str) -> None:
    for what in WITHHELD:
        assert partner.hears(what, case_ref)["reason"] == reason
    assert not [each for each in partner.heard(case_ref) if each["what"] in DISCLOSED]


def settings_of(coalition: Coalition, partner: Partner) -> dict[str, Any]:
    shown = coalition.asks("referral", "GET", f"/v1/partners/{partner.id}")
    names = ("name", "support_types", "counties", "languages", "capacity", "vetted", "public_key", "signing_key", "vouch")
    return {name: shown[name] for name in names}


def test_who_writes_referrals_database_opens_nothing(
    coalition: Coalition, source: Source, county: str, directory: Any
) -> None:
    partner, intruder = coalition.partner(county, "keep"), PartnerKeys.new("unknown")
    own_word = Onboarding().sign(Statement(partner.id, intruder.box_public, None, datetime.now(UTC)))
    directory.update_one({"_id": partner.id}, {"$set": {"public_key": intruder.box_public, "vouch": own_word}})
    demand_withheld(partner, source.takes(report(county))["case_ref"], "key_not_vouched")


def test_a_key_that_only_the_database_says_is_never_sealed_to(
    coalition: Coalition, source: Source, county: str, directory: Any
) -> None:
    """The vouch is whole: the partner's own key is used, whatever stands beside it."""
    partner, intruder = coalition.partner(county, "keep"), PartnerKeys.new("unknown")
    directory.update_one({"_id": partner.id}, {"$set": {"public_key": intruder.box_public}})
    case_ref = source.takes(report(county))["case_ref"]
    for what in DISCLOSED:
        assert partner.hears(what, case_ref)["opened"], "the partner's own key opens it"


def test_one_operators_key_redirects_nothing_and_a_vouch_brings_what_was_withheld(
    coalition: Coalition, source: Source, county: str
) -> None:
    partner, intruder = coalition.partner(county, "keep"), PartnerKeys.new("unknown")
    wanted = settings_of(coalition, partner)
    swapped = {**wanted, "public_key": intruder.box_public, "vouch": ""}
    coalition.asks("referral", "PUT", f"/v1/partners/{partner.id}", swapped)
    case_ref = source.takes(report(county))["case_ref"]
    demand_withheld(partner, case_ref, "key_not_vouched")
    coalition.asks("referral", "PUT", f"/v1/partners/{partner.id}", wanted)
    for what in DISCLOSED:
        assert partner.hears(what, case_ref)["opened"], "it came once the keys were vouched for"


def test_referrals_broker_account_alone_says_nothing_that_is_believed(
    coalition: Coalition, source: Source, county: str
) -> None:
    """Everything agrees, as whoever holds the account can make it; only the signature is missing."""
    partner, intruder = coalition.partner(county, "silent"), PartnerKeys.new("unknown")
    case_ref = source.takes(report(county))["case_ref"]
    coalition.reaches(case_ref, "offered")
    data = {
        "case_ref": case_ref, "offer_id": secrets.token_hex(8), "partner_id": partner.id, "need": "legal_aid", "urgency": "low",
        "accepted_at": datetime.now(UTC), "partner_public_key": intruder.box_public, "partner_key_id": "k",
    }  # fmt: skip
    forged = make("referral.accepted.v1", subject=case_ref, data=data)
    properties = pika.BasicProperties(content_type=CONTENT_TYPE, message_id=forged.id, user_id=service_account("referral"))
    with coalition.line.open_as("referral") as channel:
        for exchange in ("events", "notices"):  # notify gets its own from the second one
            channel.basic_publish(exchange, forged.routing_key, encode(forged), properties, mandatory=True)
    for service in ("registry", "intake", "notify"):
        eventually(lambda service=service: _refused(coalition, service), what=f"{service} to park the forged event")
    assert not [each for each in partner.heard(case_ref) if each["what"] in (*WITHHELD, *DISCLOSED)]
    for service in ("registry", "intake", "notify"):
        for each in _refused(coalition, service):
            coalition.asks(service, "POST", f"/v1/parked/{each['id']}/drop", {"reason": "forged by a test"})


def test_a_partner_over_http_must_sign_what_it_accepts(coalition: Coalition, source: Source, county: str) -> None:
    partner = coalition.partner(county, "silent")
    case_ref = source.takes(report(county))["case_ref"]
    offer_id = coalition.reaches(case_ref, "offered")["offer_id"]
    path = f"/v1/offers/{offer_id}/accept"
    for body in (None, {"signature": PartnerKeys.new("unknown").accepts(offer_id, case_ref)}):
        status, problem = partner.asks("POST", path, body)
        assert (status, problem["type"].rpartition("/")[2], problem["errors"][0]["pointer"]) == (
            422, "acceptance-not-signed", "/signature",
        )  # fmt: skip
    assert partner.asks("GET", f"/v1/offers/{offer_id}")[1]["state"] in {"offered", "received"}, "it can still be accepted"
    assert partner.asks("POST", path, partner.signs(offer_id))[0] == 200
    for what in DISCLOSED:
        assert partner.hears(what, case_ref)["opened"]


def test_other_keys_than_before_count_from_a_later_vouch_on(coalition: Coalition, source: Source, county: str) -> None:
    """This installation has one onboarding key, so one operator may change a partner's keys."""
    partner = coalition.partner(county, "keep")
    first = source.takes(report(county))["case_ref"]
    partner.hears(DISCLOSED[0], first)
    wanted = settings_of(coalition, partner)
    old = Statement(partner.id, PartnerKeys.new("unknown").box_public, None, datetime.now(UTC) - timedelta(days=1))
    outdated = {**wanted, "public_key": old.box_key, "vouch": coalition.world.onboarding.sign(old)}
    coalition.asks("referral", "PUT", f"/v1/partners/{partner.id}", outdated)
    demand_withheld(partner, source.takes(report(county))["case_ref"], "key_outdated")


def _refused(coalition: Coalition, service: str) -> list[dict[str, Any]]:
    parked = coalition.asks(service, "GET", "/v1/parked")["parked"]
    return [each for each in parked if each["reason"] == "not-authentic" and "signature" in json.dumps(each["errors"])]
