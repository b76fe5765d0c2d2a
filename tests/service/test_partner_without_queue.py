"""A partner whose queue is missing or full is that partner's fault: shown as such, kept for it, and nobody else's trouble."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ngao.chassis.messaging import outbox
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.service.test_intake import Partner
from tests.service.test_narrative_leaves import Acceptance
from tests.support.intake import bound

STORE_OF = "intake"
DISCLOSED = "intake.narrative.disclosed.v1"


@pytest.fixture
def accepting(world: World, intake: ServiceProcess, key: str, line: Line, store: Any) -> Any:
    """Makes partners that have a case of their own to accept; none of the platform's own queues is missing."""
    for exchange in ("events", "notices"):
        bound(line, exchange, "#")
    return lambda: Acceptance(world, intake, key, line, store)


def warnings(intake: ServiceProcess) -> str:
    return str(intake.request("GET", "/readyz")[1]["warnings"].get("recipients", ""))


def unreached(intake: ServiceProcess) -> float:
    shown = intake.request("GET", "/metrics")[1].decode()
    found = re.search(r'^ngao_unreached\{to="partners"\} (\S+)$', shown, re.MULTILINE)
    return float(found[1]) if found else -1.0


def test_a_partner_without_a_queue_is_named_and_disturbs_nobody(
    accepting: Any, intake: ServiceProcess, world: World
) -> None:
    absent, present = accepting(), accepting()
    absent.waits()
    status, report = intake.request("GET", "/readyz")
    assert (status, report["checks"]["relay"]) == (200, "ok")
    present.accepts()
    assert [kind for kind, _ in present.gets(1)] == [DISCLOSED]
    eventually(lambda: absent.partner.id in warnings(intake), what="the partner to be named")
    assert present.partner.id not in warnings(intake)
    assert unreached(intake) == 1
    [shown] = intake.request("GET", "/v1/outbox", key=world.operator_key)[1]["unreached"]
    assert (shown["recipient"], shown["waiting"], shown["trouble"]) == (absent.partner.id, 1, "unroutable")
    absent.has_its_queue_again()
    assert [kind for kind, _ in absent.gets(1)] == [DISCLOSED]
    eventually(lambda: not warnings(intake) and unreached(intake) == 0, within=20, what="the warning to end")


def test_a_partner_whose_queue_is_full_is_named_and_disturbs_nobody(accepting: Any, intake: ServiceProcess, store: Any) -> None:
    full, present = accepting(), accepting()
    full.loses_its_queue()
    queue = filled(full.partner)
    full.accepts()
    eventually(lambda: store.outbox.count_documents({**outbox.unreached(), "trouble": "refused"}), what="the broker to refuse it")
    assert intake.request("GET", "/readyz")[1]["checks"]["relay"] == "ok"
    present.accepts()
    assert [kind for kind, _ in present.gets(1)] == [DISCLOSED]
    eventually(lambda: full.partner.id in warnings(intake), what="the partner to be named")
    assert full.partner.line.take(queue)
    eventually(lambda: full.partner.line.take(queue), within=20, what="the narrative, once there is room")


def filled(partner: Partner) -> str:
    """A queue for one message, which refuses the next, and that message."""
    name = f"{partner.queue}.narrow"
    with partner.line.open() as channel:
        channel.queue_declare(name, durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        channel.queue_bind(name, "partners", f"{partner.id}.#")
        channel.basic_publish("", name, b"{}", mandatory=True)
    return name
