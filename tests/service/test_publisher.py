"""What the broker says of each message of one batch."""

from __future__ import annotations

from typing import Any

import pytest
from amqp.exceptions import PreconditionFailed

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.settings import BrokerSettings
from ngao.contracts import CONTENT_TYPE
from ngao.testing.broker import Line, provision
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.intake import bound
from tests.support.relaying import a_relay

KEYS = {"events": "routine.referral.case.opened.v1", "notices": "routine.referral.case.closed.v1"}
"""A key for each case, which no other test binds: the queues of other tests are in the same virtual host."""


def of_referral(world: World) -> Publisher:
    provision(world, {})
    parts, account = world.parts, service_account("referral")
    settings = BrokerSettings(parts.amqp_host, parts.amqp_port, account, world.password("referral"), world.vhost, "", 20)
    return Publisher(settings, edge=False, name="test")


def test_what_the_broker_never_takes_is_not_taken_for_a_lost_connection(world: World, line: Line) -> None:
    """The relay looks for the one that it is; among others it would keep them all, for ever."""
    publisher, key = of_referral(world), "routine.referral.need.changed.v1"
    bound(line, "events", key)
    fine, huge = (Outgoing("events", key, body, CONTENT_TYPE, f"one-{len(body)}", {}) for body in (b"{}", bytes(2 * 1024**2 + 1)))
    with pytest.raises(PreconditionFailed):
        publisher.publish([fine, huge, fine])
    assert publisher.publish([fine]) == [Outcome.CONFIRMED]
    publisher.close()


def test_an_event_that_the_broker_never_takes_holds_no_other(world: World, line: Line) -> None:
    """As a version before could store it: its neighbours leave, and it stays where an operator sees it."""
    publisher = of_referral(world)
    kind = "referral.case.reopened.v1"
    bound(line, "events", f"routine.{kind}")
    with a_relay(world, publisher) as running:
        before, [poison], after = running.holds(*[kind] * 20), running.holds(kind), running.holds(*[kind] * 20)
        running.outbox.update_one({"message_id": poison}, {"$set": {"body": bytes(2 * 1024**2 + 1)}})
        running.begins()
        left: dict[str, Any] = {"sent_at": {"$exists": True}, "message_id": {"$in": [*before, *after]}}
        eventually(lambda: running.outbox.count_documents(left) == 40, within=30, what="its neighbours to leave")
        eventually(lambda: running.backlog.status()["troubled"], what="it to be shown")
        assert [each["message_id"] for each in running.backlog.status()["troubled"]] == [poison]


@pytest.mark.parametrize("missing", ["events", "notices"])
def test_an_event_that_goes_to_two_exchanges_has_an_outcome_at_each(world: World, line: Line, missing: str) -> None:
    """One id twice in a batch: what is returned from one exchange must not count as confirmed there."""
    publisher = of_referral(world)
    exchanges, key = ["events", "notices"], KEYS[missing]
    for exchange in exchanges:
        if exchange != missing:
            bound(line, exchange, key)
    if missing == "notices":
        line.unbind("test.notices", missing, "#")  # takes what notify would get
    outcomes = publisher.publish([Outgoing(each, key, b"{}", CONTENT_TYPE, f"one-id-{missing}", {}) for each in exchanges])
    publisher.close()
    assert dict(zip(exchanges, outcomes, strict=True)) == {
        each: Outcome.UNROUTABLE if each == missing else Outcome.CONFIRMED for each in exchanges
    }
