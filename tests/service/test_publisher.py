"""What the broker says of each message of one batch."""

from __future__ import annotations

import pytest
from amqp.exceptions import PreconditionFailed

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.settings import BrokerSettings
from ngao.contracts import CONTENT_TYPE
from tests.support.broker import Line, provision
from tests.support.intake import bound
from tests.support.processes import World

KEYS = {"events": "routine.referral.case.opened.v1", "notices": "routine.referral.case.closed.v1"}
"""A key for each case: the queues of the other one stand in the same virtual host."""


def of_referral(world: World) -> Publisher:
    provision(world, {})
    parts, account = world.parts, service_account("referral")
    settings = BrokerSettings(parts.amqp_host, parts.amqp_port, account, world.password("referral"), world.vhost, "", 20)
    return Publisher(settings, edge=False, name="test")


def test_what_the_broker_never_takes_is_not_taken_for_a_lost_connection(world: World, line: Line) -> None:
    """The relay looks for the one that it is; among others it would keep them all, for ever."""
    publisher, key = of_referral(world), KEYS["events"]
    bound(line, "events", key)
    fine, huge = (Outgoing("events", key, body, CONTENT_TYPE, f"one-{len(body)}", {}) for body in (b"{}", bytes(2 * 1024**2 + 1)))
    with pytest.raises(PreconditionFailed):
        publisher.publish([fine, huge, fine])
    assert publisher.publish([fine]) == [Outcome.CONFIRMED]
    publisher.close()


@pytest.mark.parametrize("missing", ["events", "notices"])
def test_an_event_that_goes_to_two_exchanges_has_an_outcome_at_each(world: World, line: Line, missing: str) -> None:
    """One id twice in a batch: what is returned from one exchange must not count as confirmed there."""
    publisher = of_referral(world)
    exchanges, key = ["events", "notices"], KEYS[missing]
    for exchange in exchanges:
        if exchange != missing:
            bound(line, exchange, key)
    outcomes = publisher.publish([Outgoing(each, key, b"{}", CONTENT_TYPE, f"one-id-{missing}", {}) for each in exchanges])
    publisher.close()
    assert dict(zip(exchanges, outcomes, strict=True)) == {
        each: Outcome.UNROUTABLE if each == missing else Outcome.CONFIRMED for each in exchanges
    }
