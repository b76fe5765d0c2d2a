"""Each outsider's lane on the broker: a queue for its messages alone, so that the broker gives all of them the same share.

A source that posts a thousand reports would otherwise be in front of everybody else's, however urgent those are. What no lane
hears comes into the queue that all share, through the alternate exchange of the one it was published to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.edge_names import found_on_broker
from ngao.chassis.messaging.management import Management, Step
from ngao.chassis.messaging.topology import EDGE_INBOUND, Inbound, Policy, Topology, lane_name

_WITHIN_S = 12
"""The broker shows an exchange's policy at once, or not at all."""


def lanes_of(management: Management, vhost: str) -> Topology:
    """A lane, under its plain name, for each outsider who has an account there."""
    accounts = sorted(each["user"] for each in management.get("vhosts", vhost, "permissions") or ())
    lanes = Topology((), (), ())
    for inbound in EDGE_INBOUND:
        prefix = outsider_account(inbound.kind, "")
        for name in (each.removeprefix(prefix) for each in accounts if each.startswith(prefix)):
            lanes += inbound.lane(name)
    return lanes


def strays_steps(management: Management, vhost: str) -> Iterator[Step]:
    """What no lane hears must have its way in before the way for everything may go."""
    for inbound in EDGE_INBOUND:
        policy, exchange = inbound.strays_policy, management.get("exchanges", vhost, inbound.exchange)
        if not policy_stands(management, vhost, policy) or (exchange is not None and exchange.get("policy") != policy.name):
            what = f"policy {vhost}/{policy.name}"
            yield Step(what, lambda way=inbound: _lead_strays(management, vhost, way))  # type: ignore[misc]


def _lead_strays(management: Management, vhost: str, inbound: Inbound) -> None:
    """Raises Misconfigured when the broker does not hold to the policy within some seconds."""
    policy, end = inbound.strays_policy, time.monotonic() + _WITHIN_S
    management.put("policies", vhost, policy.name, body=policy.as_dict())
    while management.get("exchanges", vhost, inbound.exchange).get("policy") != policy.name:
        if time.monotonic() > end:
            raise Misconfigured(f"Another policy of {vhost} is in force at the exchange {inbound.exchange}: remove that one.")
        time.sleep(0.1)


def unread_lanes(management: Management, vhost: str) -> list[tuple[str, str]]:
    """The kind and id of each outsider whose messages wait in a lane that nobody reads, while the queue beside it is read."""
    queues = management.get("queues", vhost) or ()
    names = found_on_broker(each["name"] for each in queues)
    if names is None:
        return []
    consumers = {names.plain(each["name"]): each.get("consumers") for each in queues}
    waiting = [names.plain(each["name"]) for each in queues if each.get("messages") and not each.get("consumers")]
    return [
        (inbound.kind, lane.removeprefix(lane_name(inbound.queue, "")))
        for inbound in EDGE_INBOUND for lane in waiting
        if consumers.get(inbound.queue) and lane.startswith(lane_name(inbound.queue, ""))
    ]  # fmt: skip


def policy_stands(management: Management, vhost: str, policy: Policy) -> bool:
    """Whether the broker has a policy as it is here."""
    standing, body = management.get("policies", vhost, policy.name) or {}, policy.as_dict()
    return {key: standing.get(key) for key in body} == body
