"""What the broker says of each message of one batch."""

from __future__ import annotations

import pytest

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.settings import BrokerSettings
from ngao.contracts import CONTENT_TYPE
from tests.support.broker import Line, provision
from tests.support.intake import bound
from tests.support.processes import World

KEYS = {"events": "routine.referral.case.opened.v1", "notices": "routine.referral.case.closed.v1"}
"""A key for each case: the queues of the other one stand in the same virtual host."""


@pytest.mark.parametrize("missing", ["events", "notices"])
def test_an_event_that_goes_to_two_exchanges_has_an_outcome_at_each(world: World, line: Line, missing: str) -> None:
    """One id twice in a batch: what is returned from one exchange must not count as confirmed there."""
    provision(world, {})
    parts, account = world.parts, service_account("referral")
    settings = BrokerSettings(parts.amqp_host, parts.amqp_port, account, world.password("referral"), world.vhost, "", 20)
    publisher = Publisher(settings, edge=False, name="test")
    exchanges, key = ["events", "notices"], KEYS[missing]
    for exchange in exchanges:
        if exchange != missing:
            bound(line, exchange, key)
    outcomes = publisher.publish([Outgoing(each, key, b"{}", CONTENT_TYPE, f"one-id-{missing}", {}) for each in exchanges])
    publisher.close()
    assert dict(zip(exchanges, outcomes, strict=True)) == {
        each: Outcome.UNROUTABLE if each == missing else Outcome.CONFIRMED for each in exchanges
    }
