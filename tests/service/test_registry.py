"""The registry as a process of its own, on a real broker and a real store."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.chassis.errors import SealBroken
from ngao.chassis.messaging.queues import subscription_queues
from ngao.chassis.security import keyfiles, seals
from ngao.contracts import Event, decode, make, subscriptions_of
from ngao.kernel.padding import SIZES
from ngao.testing.broker import Line, management_of, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.vouching import Onboarding, PartnerKeys
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record

STORE_OF = "registry"

RESOLVED, CONSENT = "registry.defender.resolved.v1", "registry.consent.changed.v1"
RESTRICTIONS = "registry.restrictions.changed.v1"
DISCLOSED, WITHHELD = "registry.contact.disclosed.v1", "registry.contact.withheld.v1"
PARTNER_QUEUE = "partner-under-test"
KEYS = PartnerKeys.new("partner-a")
SAFE = {"may_contact": True, "channels": ["sms"], "code_word": "canary-mwavuli"}
MADE: list[dict[str, list[str]]] = []
_LETTERS = str.maketrans("0123456789", "ghiklmnopr")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.fixture(scope="module")
def registry(world: World) -> Iterator[ServiceProcess]:
    hears = {"registry": subscriptions_of("registry"), "referral": (RESOLVED, CONSENT), "intake": (RESTRICTIONS,)}
    management = provision(world, hears)
    management.put("queues", world.edge_vhost, PARTNER_QUEUE, body={"durable": True, "arguments": {"x-queue-type": "quorum"}})
    Line(world, edge=True).bind(PARTNER_QUEUE, "partners", "partner-a.#")
    settings, port = world.settings("registry")
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


def new_ref() -> str:
    return "NG-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def new_identity() -> dict[str, list[str]]:
    """An invented person whom no other test has met."""
    first, last = (secrets.token_hex(8).translate(_LETTERS).capitalize() for _ in range(2))
    made = {"names": [f"{first} {last}"], "phones": [f"+254700000{len(MADE):03d}"], "emails": [f"{first.lower()}@example.org"]}
    MADE.append(made)
    return made


def accepted(world: World, case_ref: str, identity: dict[str, list[str]] | None, **more: Any) -> Event:
    key_id, public = keyfiles.active_public(world.directory / "keys" / "public", "registry")
    content = {"v": 1, "case_ref": more.pop("box_of", case_ref), "identity": identity, "attributes": {}, "contact_safety": SAFE}
    now = datetime.now(UTC)
    data = {
        "report_id": secrets.token_hex(8), "case_ref": case_ref, "source_id": "form", "received_at": now, "occurred_at": now,
        "urgency": "high", "urgency_reasons": [], "policy_version": "1", "reporter_role": "self", "violations": [], "needs": [],
        "county": "KE-30", "languages": ["sw"], "has_narrative": False,
        "consent": [{"purpose": "referral", "scope": ["contact"]}],
        "sealed_identity": {"key_id": key_id, "box": seals.seal_to(public, json.dumps(content).encode())}, **more,
    }
    return make("intake.report.accepted.v1", subject=case_ref, data=data, urgent=data["urgency"] == "critical")


def offer_accepted(world: World, case_ref: str, offer_id: str, **changes: Any) -> Event:
    data = {
        "case_ref": case_ref, "offer_id": offer_id, "partner_id": "partner-a", "need": "legal", "urgency": "high",
        "accepted_at": datetime.now(UTC), "partner_public_key": KEYS.box_public,
        "partner_key_id": seals.key_id(KEYS.box_public), "vouch": world.onboarding.vouch(KEYS),
        "signature": KEYS.accepts(offer_id, case_ref), **changes,
    }
    return make("referral.accepted.v1", subject=case_ref, data=data)


class Ears:
    """What the others heard, kept while more is waited for."""

    def __init__(self, line: Line, *queues: str) -> None:
        self.line, self.queues, self.heard = line, queues, list[Event]()

    def of(self, case_ref: str, kind: str, count: int = 1) -> list[Event]:
        def found() -> list[Event]:
            for queue in self.queues:
                self.heard += [decode(body) for _, body in self.line.take(queue)]
            mine = [each for each in self.heard if each.subject == case_ref and each.type == kind]
            return mine if len(mine) >= count else []

        return eventually(found, within=25, what=f"{count} {kind} about {case_ref}")


@pytest.fixture
def referral(line: Line) -> Ears:
    return Ears(line, f"referral.{RESOLVED}", f"referral.{RESOLVED}.urgent", f"referral.{CONSENT}", f"referral.{CONSENT}.urgent")


@pytest.fixture
def partner(world: World) -> Ears:
    return Ears(Line(world, edge=True), PARTNER_QUEUE)


def test_a_report_is_resolved_and_the_next_one_finds_the_person(
    world: World, registry: ServiceProcess, line: Line, referral: Ears
) -> None:
    first, second, identity = new_ref(), new_ref(), new_identity()
    line.publish(accepted(world, first, identity), times=2)
    known = referral.of(first, RESOLVED)[0].data
    assert known["resolution"] == "new"
    assert known["contact"] == {"may_contact": True, "channels": ["sms"]}
    turned = [" ".join(reversed(name.split())) for name in identity["names"]]
    line.publish(accepted(world, second, {**identity, "names": turned}, urgency="critical"))
    again = referral.of(second, RESOLVED)[0]
    assert again.urgent
    assert (again.data["resolution"], again.data["defender_ref"]) == ("existing", known["defender_ref"])


def test_many_reports_of_one_new_person_at_once_make_one_defender(
    world: World, registry: ServiceProcess, line: Line, referral: Ears, store: Any
) -> None:
    identity, refs = new_identity(), [new_ref() for _ in range(40)]
    before = store.defenders.count_documents({})
    line.publish_all([accepted(world, ref, identity) for ref in refs])
    told = [referral.of(ref, RESOLVED)[0].data for ref in refs]
    assert len({each["defender_ref"] for each in told}) == 1
    assert sorted({each["resolution"] for each in told}) == ["existing", "new"]
    assert store.defenders.count_documents({}) == before + 1
    eventually(lambda: store.cases.count_documents({"absorbed": False}) == 0, what="all cases to be absorbed")


def _disclosed(partner: Ears, case_ref: str, at_least: int) -> list[str]:
    """The offers for which contact was disclosed, when there are so many."""
    offers = [each.data["offer_id"] for each in partner.of(case_ref, "registry.contact.disclosed.v1")]
    return offers if len(offers) >= at_least else []


def test_contact_goes_sealed_to_the_partner_that_accepted_once(
    world: World, registry: ServiceProcess, line: Line, partner: Ears, store: Any
) -> None:
    case_ref, offer_id, identity = new_ref(), secrets.token_hex(8), new_identity()
    line.publish(offer_accepted(world, case_ref, offer_id))  # it may come before its case is known
    eventually(lambda: line.count("wait.1"), what="the offer to be delayed")
    line.publish(accepted(world, case_ref, identity))
    told = partner.of(case_ref, "registry.contact.disclosed.v1")
    opened = KEYS.opens(told[0].data["box"])
    assert len(opened) == SIZES[0]
    content = json.loads(opened)
    assert content["phones"] == identity["phones"]
    assert content["contact_safety"]["code_word"] == "canary-mwavuli"
    behind = secrets.token_hex(8)
    line.publish(offer_accepted(world, case_ref, offer_id))
    line.publish(offer_accepted(world, case_ref, behind))
    disclosed = eventually(lambda: _disclosed(partner, case_ref, 2), what="the one behind the second to be taken")
    assert sorted(disclosed) == sorted([offer_id, behind])


def test_a_reference_opens_nothing_for_another_source_and_the_older_record_only_with_a_recorded_consent(
    world: World, registry: ServiceProcess, line: Line, referral: Ears, partner: Ears
) -> None:
    first, stolen, own, identity = new_ref(), new_ref(), new_ref(), new_identity()
    line.publish(accepted(world, first, identity))
    ref = referral.of(first, RESOLVED)[0].data["defender_ref"]
    status, given = registry.request("POST", f"/v1/defenders/{ref}/source-references", {"source_id": "form"}, world.operator_key)
    assert status == 200
    assert given["reference"] != ref
    for case_ref, more in ((stolen, {"source_id": "evil"}), (own, {})):
        line.publish(accepted(world, case_ref, None, defender_ref=given["reference"], **more))
        line.publish(offer_accepted(world, case_ref, secrets.token_hex(8)))
    assert referral.of(stolen, RESOLVED)[0].data["resolution"] == "anonymous"
    assert referral.of(own, RESOLVED)[0].data["defender_ref"] == ref
    assert partner.of(stolen, WITHHELD)[0].data["reason"] == "unknown_person"
    assert partner.of(own, WITHHELD)[0].data["reason"] == "no_consent"
    consent = {"granted": True, "purpose": "referral", "scope": ["contact"], "case_ref": own}
    assert registry.request("POST", f"/v1/defenders/{ref}/consents", consent, world.operator_key)[0] == 200
    line.publish(offer_accepted(world, own, secrets.token_hex(8)))
    box = partner.of(own, "registry.contact.disclosed.v1")[0].data["box"]
    assert json.loads(KEYS.opens(box))["phones"] == identity["phones"]


def test_after_a_withdrawal_contact_is_withheld_and_everyone_knows(
    world: World, registry: ServiceProcess, line: Line, referral: Ears, partner: Ears
) -> None:
    case_ref = new_ref()
    line.publish(accepted(world, case_ref, new_identity()))
    ref = referral.of(case_ref, RESOLVED)[0].data["defender_ref"]
    withdrawn = {"granted": False, "purpose": "referral"}
    answer = registry.request("POST", f"/v1/defenders/{ref}/consents", withdrawn, world.operator_key)
    assert answer == (200, {"cases": [case_ref]})
    assert referral.of(case_ref, CONSENT)[0].data["granted"] is False
    line.publish(offer_accepted(world, case_ref, secrets.token_hex(8)))
    assert partner.of(case_ref, "registry.contact.withheld.v1")[0].data["reason"] == "no_consent"


def test_restrictions_reach_open_cases_and_can_be_lifted(
    world: World, registry: ServiceProcess, line: Line, referral: Ears
) -> None:
    case_ref = new_ref()
    line.publish(accepted(world, case_ref, new_identity()))
    path = f"/v1/defenders/{referral.of(case_ref, RESOLVED)[0].data['defender_ref']}/restrictions"
    asked = {"partner_id": "partner-a", "reason": "safety"}
    assert registry.request("POST", path, asked, world.operator_key)[0] == 200
    assert referral.of(case_ref, RESOLVED, 2)[1].data["restrictions"][0]["partner_id"] == "partner-a"
    assert registry.request("POST", path, {**asked, "reason": "gossip"}, world.operator_key)[0] == 422
    assert registry.request("DELETE", f"{path}/partner-a", key=world.operator_key)[0] == 200
    assert referral.of(case_ref, RESOLVED, 3)[2].data["restrictions"] == []
    assert registry.request("DELETE", f"{path}/partner-a", key=world.operator_key)[0] == 404


def test_a_candidate_is_linked_and_parted_by_a_human(
    world: World, registry: ServiceProcess, line: Line, referral: Ears
) -> None:
    first, second, identity = new_ref(), new_ref(), new_identity()
    line.publish(accepted(world, first, identity))
    known = referral.of(first, RESOLVED)[0].data["defender_ref"]
    line.publish(accepted(world, second, {"names": identity["names"], "phones": [], "emails": []}))
    assert referral.of(second, RESOLVED)[0].data["resolution"] == "candidate"
    status, waiting = registry.request("GET", "/v1/candidates?reason=candidate_review", key=world.operator_key)
    assert status == 200
    (mine,) = [each for each in waiting["candidates"] if each["case_ref"] == second]
    assert known in {each["defender_ref"] for each in mine["suggestions"]}
    path = f"/v1/candidates/{second}"
    assert registry.request("POST", f"{path}/link", {"defender_ref": known}, world.operator_key)[0] == 200
    assert referral.of(second, RESOLVED, 2)[1].data["defender_ref"] == known
    assert registry.request("POST", f"{path}/separate", key=world.operator_key)[1]["verdict"] == "separate"
    assert referral.of(second, RESOLVED, 3)[2].data["defender_ref"] != known


def test_a_record_is_read_with_a_reason_and_audited(
    world: World, registry: ServiceProcess, line: Line, referral: Ears, store: Any
) -> None:
    case_ref, identity = new_ref(), new_identity()
    line.publish(accepted(world, case_ref, identity))
    ref = referral.of(case_ref, RESOLVED)[0].data["defender_ref"]
    assert registry.request("GET", f"/v1/defenders?case_ref={case_ref}", key=world.operator_key)[0] == 422
    status, shown = registry.request("GET", f"/v1/defenders?case_ref={case_ref}&reason=case_work", key=world.operator_key)
    assert (status, shown["defender_ref"], shown["identity"]["phones"]) == (200, ref, identity["phones"])
    assert shown["cases"][0]["case_ref"] == case_ref
    assert registry.request("GET", f"/v1/defenders/{ref}?reason=case_work")[0] == 401
    assert registry.request("GET", "/v1/defenders/DEF-0000000000?reason=case_work", key=world.operator_key)[0] == 404
    assert on_record(store).count_documents({"action": "defender.read", "subject": ref}) == 1


def test_a_box_of_another_case_is_parked(world: World, registry: ServiceProcess, line: Line, store: Any) -> None:
    line.publish(accepted(world, new_ref(), new_identity(), box_of=new_ref()))
    eventually(lambda: store.parked.count_documents({"reason": "seal-broken"}), what="the event to be parked")


def test_every_subscription_is_heard(world: World, registry: ServiceProcess) -> None:
    management = management_of(world)
    for name in subscriptions_of("registry"):
        for queue, _ in subscription_queues("registry", name):
            eventually(lambda queue=queue: management.get("queues", world.vhost, queue).get("consumers") == 1, what=queue)


def test_nobody_can_be_read_from_store_or_log(
    world: World, registry: ServiceProcess, line: Line, referral: Ears, store: Any
) -> None:
    case_ref = new_ref()
    line.publish(accepted(world, case_ref, new_identity()))
    line.publish(accepted(world, new_ref(), new_identity(), box_of=new_ref()))
    referral.of(case_ref, RESOLVED)
    kept = b"".join(
        repr(document).encode() for name in store.list_collection_names() for document in store[name].find()
    )
    told = [value for made in MADE for values in made.values() for value in values]
    for marker in (*told, *(name for made in MADE for name in made["names"][0].split()), "@example.org", "canary"):
        assert marker.encode() not in kept
        assert marker.encode() not in registry.log.read_bytes()


INTRUDER = PartnerKeys.new("partner-a")


def test_an_event_of_referrals_own_account_does_not_redirect_a_contact(
    world: World, registry: ServiceProcess, line: Line, partner: Ears, store: Any
) -> None:
    """Whoever holds referral's broker account and its signing key names keys of their own: nothing is sealed to them."""
    case_ref, offer_id = new_ref(), secrets.token_hex(8)
    line.publish(accepted(world, case_ref, new_identity()))
    forged = {
        "partner_public_key": INTRUDER.box_public, "partner_key_id": seals.key_id(INTRUDER.box_public),
        "signature": INTRUDER.accepts(offer_id, case_ref),
    }
    line.publish(offer_accepted(world, case_ref, offer_id, **forged, vouch=Onboarding().vouch(INTRUDER)))
    assert partner.of(case_ref, WITHHELD)[0].data["reason"] == "key_not_vouched"
    entry = eventually(lambda: on_record(store).find_one({"action": "contact.withheld", "subject": case_ref}), what="the audit")
    assert entry["detail"]["reason"] == "key_not_vouched"
    behind = secrets.token_hex(8)
    line.publish(offer_accepted(world, case_ref, behind, vouch=world.onboarding.vouch(KEYS), signature=None))
    told = partner.of(case_ref, WITHHELD, 2)
    assert [each.data["reason"] for each in told if each.data["offer_id"] == behind] == ["acceptance_not_signed"]
    line.publish(offer_accepted(world, case_ref, behind, again=True))
    box = partner.of(case_ref, DISCLOSED)[0].data["box"]
    assert KEYS.opens(box)
    with pytest.raises(SealBroken):
        INTRUDER.opens(box)
    assert store.pins.find_one({"_id": "partner-a"})["key_id"] == seals.key_id(KEYS.box_public)
