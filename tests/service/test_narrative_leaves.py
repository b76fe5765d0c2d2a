"""What was taken back while a narrative waited in the outbox is not sent: intake is asked again when the narrative leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.chassis.messaging.outbox import WAITING
from ngao.contracts import decode, subscriptions_of
from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.service.test_intake import Partner, consent_changed, said_by_referral
from tests.support.auditing import on_record
from tests.support.intake import MARKERS, NEWS, bound, report
from tests.support.relay import Way, receives

STORE_OF = "intake"
KEPT = ("unknown", "unanswered")
DISCLOSED, WITHHELD = "intake.narrative.disclosed.v1", "intake.narrative.withheld.v1"


@pytest.fixture(scope="module")
def intake(world: World, way: Way) -> Iterator[ServiceProcess]:
    provision(world, {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS})
    settings, port = world.settings("intake")
    way.leads(settings)
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


class Acceptance:
    """One partner that has accepted a report of its own; while its queue is not bound, the narrative waits in the outbox."""

    def __init__(self, world: World, intake: ServiceProcess, key: str, line: Line, store: Any) -> None:
        self.intake, self.key, self.line, self.store = intake, key, line, store
        self.partner = Partner(world)
        self.receipt = intake.request("POST", "/v1/reports", report(), key)[1]
        self.case_ref = self.receipt["case_ref"]

    def accepts(self) -> None:
        self.offer_id = self.partner.accepts(self.line, self.case_ref)

    def loses_its_queue(self) -> None:
        self.partner.line.unbind(self.partner.queue, "partners", f"{self.partner.id}.#")

    def has_its_queue_again(self) -> None:
        self.partner.line.bind(self.partner.queue, "partners", f"{self.partner.id}.#")

    def waits(self) -> None:
        self.loses_its_queue()
        self.accepts()
        waiting = {"subject": self.case_ref, "to": "partners", "trouble": "unroutable", **WAITING}
        eventually(lambda: self.store.outbox.find_one(waiting), what="the narrative to wait")

    def take_consent_back(self) -> None:
        self.consent_is_taken_back()
        found = {"case_ref": self.case_ref, "consent_changes.0": {"$exists": True}}
        eventually(lambda: self.store.reports.find_one(found), what="the withdrawal of consent")

    def take_report_back(self) -> None:
        path = f"/v1/reports/{self.receipt['report_id']}/withdraw"
        assert self.intake.request("POST", path, None, self.key)[0] == 200

    def consent_is_taken_back(self) -> None:
        self.line.publish(consent_changed(self.case_ref, granted=False, scope=["narrative"]))

    def is_recalled(self) -> None:
        self.line.publish(said_by_referral("recalled", self.case_ref, self.partner, self.offer_id, 9))

    def recall(self) -> None:
        self.is_recalled()
        eventually(
            lambda: self.store.reports.find_one({"case_ref": self.case_ref, "story.1": {"$exists": True}}),
            what="the recall to reach the report",
        )

    def gets(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """All that the partner has got when nothing waits any more, once there are so many."""
        found: list[Any] = []

        def look() -> bool:
            found.extend(decode(body) for _, body in self.partner.line.take(self.partner.queue))
            return len(found) >= count

        eventually(look, within=25, what="what the partner gets")
        eventually(
            lambda: not self.store.outbox.count_documents({"subject": self.case_ref, "to": "partners", **WAITING}),
            what="the outbox to hold nothing for partners",
        )
        look()
        return [(each.type, dict(each.data)) for each in found]


@pytest.fixture
def acceptance(world: World, intake: ServiceProcess, key: str, line: Line, store: Any) -> Acceptance:
    bound(line, "events", f"routine.{DISCLOSED}")
    bound(line, "events", f"routine.{WITHHELD}")
    return Acceptance(world, intake, key, line, store)


@pytest.mark.parametrize("take_back", [Acceptance.take_consent_back, Acceptance.take_report_back, Acceptance.recall])
def test_what_was_taken_back_while_the_narrative_waited_is_not_sent(
    acceptance: Acceptance, store: Any, take_back: Callable[[Acceptance], None]
) -> None:
    acceptance.waits()
    take_back(acceptance)
    acceptance.has_its_queue_again()
    [(kind, data)] = acceptance.gets(1)
    assert (kind, data["reason"], data["recalled"]) == (WITHHELD, "withdrawn", True)
    assert not [each for each in store.outbox.find({"subject": acceptance.case_ref}) if DISCLOSED in each["routing_key"]]
    assert on_record(store).count_documents({"subject": acceptance.case_ref, "action": "narrative.withheld"}) == 1


@pytest.mark.parametrize("late", [False, True], ids=["waiting", "late"])
@pytest.mark.parametrize("others_say", [Acceptance.consent_is_taken_back, Acceptance.is_recalled])
def test_what_others_took_back_while_the_broker_was_away_is_heard_before_the_narrative_leaves(
    acceptance: Acceptance, way: Way, store: Any, others_say: Callable[[Acceptance], None], late: bool
) -> None:
    """Also when they find the broker again a little later than intake."""
    acceptance.waits()
    with way.closed():
        acceptance.has_its_queue_again()
        away = {"subject": acceptance.case_ref, "to": "partners", "trouble": {"$in": KEPT}, **WAITING}
        eventually(lambda: store.outbox.count_documents(away), what="the narrative to be kept while the broker is away")
        if not late:
            others_say(acceptance)
    if late:
        eventually(lambda: receives(acceptance.intake), what="the service to receive again")
        others_say(acceptance)
    [(kind, data)] = acceptance.gets(1)
    assert (kind, data["reason"], data["recalled"]) == (WITHHELD, "withdrawn", True)


def test_a_consent_that_comes_back_brings_the_narrative_after_all(acceptance: Acceptance) -> None:
    acceptance.waits()
    acceptance.take_consent_back()
    acceptance.has_its_queue_again()
    assert [kind for kind, _ in acceptance.gets(1)] == [WITHHELD]
    acceptance.line.publish(consent_changed(acceptance.case_ref, granted=True, scope=["narrative"]))
    [(kind, data)] = acceptance.gets(1)
    assert kind == DISCLOSED
    assert json.loads(acceptance.partner.keys.opens(data["box"]))["narrative"] == MARKERS[3]


def test_a_replay_of_what_was_sent_asks_again(acceptance: Acceptance, world: World, intake: ServiceProcess, store: Any) -> None:
    began = datetime.now(UTC)
    acceptance.accepts()
    assert [kind for kind, _ in acceptance.gets(1)] == [DISCLOSED]
    kept = {"subject": acceptance.case_ref, "to": "partners", "sent_at": {"$exists": True}}
    eventually(lambda: store.outbox.count_documents(kept) == 1, what="the kept narrative")
    acceptance.take_report_back()
    assert [kind for kind, _ in acceptance.gets(1)] == [WITHHELD]
    eventually(lambda: store.outbox.count_documents(kept) == 2, what="the kept withdrawal")
    order = {"since": began.isoformat(), "reason": "the broker lost its disk", "to": "partners"}
    assert intake.request("POST", "/v1/outbox/replay", order, world.operator_key)[0] == 200
    assert [kind for kind, _ in acceptance.gets(1)] == [WITHHELD]
