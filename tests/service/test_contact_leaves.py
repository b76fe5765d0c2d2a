"""What was taken back while a contact waited in the outbox is not sent: the registry is asked again when the contact leaves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.chassis.messaging.outbox import WAITING
from ngao.contracts import Event, decode, make, subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from tests.service.test_registry import Ears, accepted, new_identity, new_ref, offer_accepted
from tests.support.auditing import on_record
from tests.support.intake import bound
from tests.support.relay import Way, receives

STORE_OF = "registry"
KEPT = ("unknown", "unanswered")
DISCLOSED, WITHHELD = "registry.contact.disclosed.v1", "registry.contact.withheld.v1"
RESTRICTIONS = "registry.restrictions.changed.v1"
FOR_REFERRAL = ("registry.defender.resolved.v1", "registry.consent.changed.v1", DISCLOSED, WITHHELD)


@pytest.fixture(scope="module")
def registry(world: World, way: Way) -> Iterator[ServiceProcess]:
    provision(world, {"registry": subscriptions_of("registry"), "referral": FOR_REFERRAL, "intake": (RESTRICTIONS,)})
    settings, port = world.settings("registry")
    way.leads(settings)
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


class Acceptance:
    """One partner, without a queue at first, that has accepted a case of its own: its contact waits in the outbox."""

    def __init__(self, world: World, registry: ServiceProcess, store: Any) -> None:
        self.world, self.registry, self.store = world, registry, store
        self.keys = PartnerKeys.new(f"shelter-{secrets.token_hex(3)}")
        self.case_ref, self.offer_id = new_ref(), secrets.token_hex(8)
        self.line, self.edge = Line(world), Line(world, edge=True)

    def makes_its_queue(self) -> Ears:
        return Ears(self.edge, bound(self.edge, "partners", f"{self.keys.id}.#"))

    def accepts(self) -> None:
        self.line.publish(accepted(self.world, self.case_ref, new_identity()))
        eventually(lambda: self.store.cases.find_one({"_id": self.case_ref}), what="the case")
        self.line.publish(offer_accepted(
            self.world, self.case_ref, self.offer_id, partner_id=self.keys.id, vouch=self.world.onboarding.vouch(self.keys),
            signature=self.keys.accepts(self.offer_id, self.case_ref),
        ))  # fmt: skip

    def waits(self) -> dict[str, Any]:
        self.accepts()
        waiting = {"subject": self.case_ref, "to": "partners", "trouble": "unroutable", **WAITING}
        return dict(eventually(lambda: self.store.outbox.find_one(waiting), what="the contact to wait"))

    def ask(self, path: str, body: dict[str, Any]) -> None:
        ref = self.store.cases.find_one({"_id": self.case_ref})["defender_ref"]
        status, answer = self.registry.request("POST", f"/v1/defenders/{ref}/{path}", body, self.world.operator_key)
        assert status == 200, answer

    def restrict(self) -> None:
        self.ask("restrictions", {"partner_id": self.keys.id, "reason": "safety"})

    def take_consent_back(self) -> None:
        self.ask("consents", {"granted": False, "purpose": "referral"})

    def stop(self) -> None:
        self.ask("contact-stop", {"reason": "said_stop"})

    def recall(self) -> None:
        self.recalls()
        eventually(lambda: self.store.disclosures.find_one({"_id": self.offer_id, "ended": True}), what="the end of the offer")

    def recalls(self) -> None:
        data = {
            "case_ref": self.case_ref, "offer_id": self.offer_id, "partner_id": self.keys.id, "need": "legal", "urgency": "high",
            "reason": "consent_withdrawn",
        }  # fmt: skip
        self.line.publish(make("referral.recalled.v1", subject=self.case_ref, data=data))

    def take_report_back(self) -> None:
        self.takes_report_back()
        eventually(lambda: self.store.cases.find_one({"_id": self.case_ref, "state": "withdrawn"}), what="the withdrawal")

    def takes_report_back(self) -> None:
        data = {"report_id": secrets.token_hex(8), "case_ref": self.case_ref}
        self.line.publish(make("intake.report.withdrawn.v1", subject=self.case_ref, data=data))

    def correct(self) -> None:
        sealed = accepted(self.world, self.case_ref, new_identity()).data["sealed_identity"]
        data = {
            "report_id": secrets.token_hex(8), "case_ref": self.case_ref, "urgency": "high", "policy_version": "1", "needs": [],
            "consent": [{"purpose": "referral", "scope": ["contact"]}], "has_narrative": False, "sealed_identity": sealed,
        }  # fmt: skip
        self.line.publish(replace(make("intake.report.updated.v1", subject=self.case_ref, data=data), sequence=2))
        both = {"subject": self.case_ref, "to": "partners", **WAITING}
        eventually(lambda: self.store.outbox.count_documents(both) == 2, what="the corrected contact to wait, too")

    def nothing_waits(self) -> None:
        eventually(lambda: not self.store.outbox.count_documents({"subject": self.case_ref, **WAITING}), what="an empty outbox")


@pytest.fixture
def acceptance(world: World, registry: ServiceProcess, store: Any) -> Acceptance:
    return Acceptance(world, registry, store)


def kinds(ears: Ears, case_ref: str) -> list[str]:
    """What has come about the case by now, disclosed or withheld."""
    for queue in ears.queues:
        ears.heard += [decode(body) for _, body in ears.line.take(queue)]
    return [each.type for each in ears.heard if each.subject == case_ref and each.type in (DISCLOSED, WITHHELD)]


@pytest.mark.parametrize(
    ("take_back", "reason"),
    [
        (Acceptance.restrict, "no_consent"),
        (Acceptance.take_consent_back, "no_consent"),
        (Acceptance.stop, "not_safe"),
        (Acceptance.recall, "offer_ended"),
        (Acceptance.take_report_back, "report_withdrawn"),
    ],
)
def test_what_was_taken_back_while_the_contact_waited_is_not_sent(
    acceptance: Acceptance, store: Any, take_back: Callable[[Acceptance], None], reason: str
) -> None:
    waiting = acceptance.waits()
    take_back(acceptance)
    partner = acceptance.makes_its_queue()
    withheld = partner.of(acceptance.case_ref, WITHHELD)[0].data
    assert (withheld["reason"], withheld["recalled"]) == (reason, True)
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref) == [WITHHELD]
    assert store.outbox.count_documents({"message_id": waiting["message_id"]}) == 0
    assert store.disclosures.find_one({"_id": acceptance.offer_id})["refusal"]
    audited = [each["action"] for each in on_record(store).find({"subject": acceptance.case_ref, "actor": "service:registry"})]
    assert audited.count("contact.withheld") == 1


@pytest.mark.parametrize("take_back", [Acceptance.restrict, Acceptance.take_consent_back])
def test_what_was_taken_back_while_the_broker_was_away_is_not_sent_when_it_is_back(
    acceptance: Acceptance, way: Way, store: Any, take_back: Callable[[Acceptance], None]
) -> None:
    waiting = acceptance.waits()
    with way.closed():
        partner = acceptance.makes_its_queue()
        away = {"_id": waiting["_id"], "trouble": {"$in": KEPT}}
        eventually(lambda: store.outbox.count_documents(away), what="the contact to be kept while the broker is away")
        take_back(acceptance)
    assert partner.of(acceptance.case_ref, WITHHELD)[0].data["recalled"] is True
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref) == [WITHHELD]
    audited = on_record(store).find({"subject": acceptance.case_ref}, {"action": 1}).sort("n")
    assert [each["action"] for each in audited][-2:] == ["contact.withheld", "event.held_back"]


@pytest.mark.parametrize("late", [False, True], ids=["waiting", "late"])
@pytest.mark.parametrize("others_say", [Acceptance.recalls, Acceptance.takes_report_back])
def test_what_others_took_back_while_the_broker_was_away_is_heard_before_the_contact_leaves(
    acceptance: Acceptance, way: Way, store: Any, others_say: Callable[[Acceptance], None], late: bool
) -> None:
    """Also when they find the broker again a little later than the registry."""
    waiting = acceptance.waits()
    with way.closed():
        partner = acceptance.makes_its_queue()
        away = {"_id": waiting["_id"], "trouble": {"$in": KEPT}}
        eventually(lambda: store.outbox.count_documents(away), what="the contact to be kept while the broker is away")
        if not late:
            others_say(acceptance)
    if late:
        eventually(lambda: receives(acceptance.registry), what="the service to receive again")
        others_say(acceptance)
    assert partner.of(acceptance.case_ref, WITHHELD)[0].data["recalled"] is True
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref) == [WITHHELD]


def test_what_still_holds_leaves_unchanged_once_there_is_a_queue(acceptance: Acceptance) -> None:
    waiting = acceptance.waits()
    queue = bound(acceptance.edge, "partners", f"{acceptance.keys.id}.#")
    sent = eventually(lambda: acceptance.edge.take(queue), what="the contact")
    assert [body for _, body in sent] == [bytes(waiting["body"])]


def test_of_a_contact_that_is_corrected_while_it_waits_only_the_correct_one_is_sent(acceptance: Acceptance) -> None:
    acceptance.waits()
    acceptance.correct()
    partner = acceptance.makes_its_queue()
    sent = partner.of(acceptance.case_ref, DISCLOSED)
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref) == [DISCLOSED]
    assert sent[0].data["supersedes"] is True


def test_a_replay_of_what_was_sent_asks_again(acceptance: Acceptance, world: World, registry: ServiceProcess, store: Any) -> None:
    began = datetime.now(UTC)
    partner = acceptance.makes_its_queue()
    acceptance.accepts()
    assert partner.of(acceptance.case_ref, DISCLOSED)
    acceptance.nothing_waits()
    kept = {"subject": acceptance.case_ref, "to": "partners", "sent_at": {"$exists": True}}
    eventually(lambda: store.outbox.count_documents(kept) == 1, what="the kept contact")
    acceptance.take_consent_back()
    order = {"since": began.isoformat(), "reason": "the broker lost its disk"}
    assert registry.request("POST", "/v1/outbox/replay", order, world.operator_key)[0] == 200
    assert partner.of(acceptance.case_ref, WITHHELD)[0].data["recalled"] is True
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref).count(DISCLOSED) == 1
    recalls = {each.id for each in partner.heard if each.subject == acceptance.case_ref and each.type == WITHHELD}
    assert len(recalls) == 1, "one that had left before the replay may come again, under its own id"


def test_what_waits_for_the_catch_up_is_asked_for_too_and_answered_once(
    acceptance: Acceptance, line: Line, store: Any
) -> None:
    """The broker takes neither copy of the event: the partner's, and referral's for the catch-up."""
    queue = f"referral.{DISCLOSED}"
    line.unbind(queue, "events", f"routine.{DISCLOSED}")
    try:
        acceptance.waits()
        acceptance.take_consent_back()
    finally:
        line.bind(queue, "events", f"routine.{DISCLOSED}")
    referral, partner = Ears(line, queue, f"referral.{WITHHELD}"), acceptance.makes_its_queue()
    heard: list[Event] = [*partner.of(acceptance.case_ref, WITHHELD), *referral.of(acceptance.case_ref, WITHHELD)]
    assert len({each.id for each in heard}) == 1
    acceptance.nothing_waits()
    assert kinds(partner, acceptance.case_ref) == kinds(referral, acceptance.case_ref) == [WITHHELD]


def test_a_partner_without_a_queue_is_named_and_others_get_their_contact(
    acceptance: Acceptance, world: World, registry: ServiceProcess, store: Any
) -> None:
    acceptance.waits()
    status, report = registry.request("GET", "/readyz")
    assert (status, report["checks"]["relay"]) == (200, "ok")
    other = Acceptance(world, registry, store)
    ears = other.makes_its_queue()
    other.accepts()
    assert ears.of(other.case_ref, DISCLOSED)

    def named() -> str:
        return str(registry.request("GET", "/readyz")[1]["warnings"].get("recipients", ""))

    eventually(lambda: acceptance.keys.id in named(), what="the partner to be named")
    assert other.keys.id not in named()
    late = acceptance.makes_its_queue()
    assert late.of(acceptance.case_ref, DISCLOSED), "it was kept"
    eventually(lambda: acceptance.keys.id not in named(), within=20, what="the warning to end")
