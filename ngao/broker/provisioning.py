"""Provision a broker from the topology: compare first, then create only what is missing.

No queue is changed behind a consumer's back: one that has other arguments stops the work with an error that names the queue
and the argument. A binding is removed only where the queue gets the same routing key from another exchange now, where another
queue has taken the queue's place, or where its subscription has ended. A queue is deleted only then: when nothing waits in
it, or when no process of an earlier version consumes it any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ngao.broker import layout, permissions
from ngao.broker.bounds import Bounds
from ngao.broker.edge_names import found_on_broker, under_names
from ngao.broker.lanes import bindings_of_before, lanes_of, policy_stands, unclaimed_steps
from ngao.broker.layout import Binding, Exchange, Queue, Topology
from ngao.broker.management import Management, Step, holds
from ngao.broker.outsiders import outsider_of
from ngao.broker.permissions import Rights
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.queues import subscription_queues

_COUNTED_WITHIN_S = 12
"""A queue reports its numbers every five seconds, and the management interface collects them every five."""


@dataclass(frozen=True)
class BrokerSpec:
    """The specification of a platform's broker.

    `outbound` names, for each service, the edge exchanges it has events for; `passwords` each service account's secret. An
    account without a password here is not checked, for callers that do not know it.
    """

    vhost: str
    edge_vhost: str
    subscriptions: layout.Subscriptions
    outbound: Mapping[str, Sequence[str]]
    tiers_s: Sequence[int]
    passwords: Mapping[str, str] = field(repr=False)
    names: EdgeNames = field(repr=False)
    bounds: Bounds = field(default_factory=Bounds)


def provision(
    management: Management, wanted: BrokerSpec, *, dry_run: bool = False, progress: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Provision what is missing, or only list it. Returns one line for each step. Raises Misconfigured, Unavailable."""
    done = []
    for step in steps(management, wanted):
        if not dry_run:
            step.do()
        progress(step.what)
        done.append(step.what)
    return done


def steps(management: Management, wanted: BrokerSpec) -> Iterator[Step]:
    """Yield the missing parts of the broker, in the order in which they can be created."""
    yield from topology_steps(management, wanted.vhost, layout.internal(wanted.subscriptions, wanted.tiers_s))
    yield from _ended_steps(management, wanted.vhost)
    yield from _edge_steps(management, wanted)
    for service in wanted.subscriptions:
        name = service_account(service)
        if service in wanted.passwords:
            yield from account_steps(management, name, wanted.passwords[service])
        inside = permissions.of_service_inside(service, wanted.tiers_s)
        outside = permissions.of_service_on_edge(service, wanted.outbound.get(service, ()), wanted.tiers_s)
        yield from rights_steps(management, wanted.vhost, name, inside)
        yield from rights_steps(management, wanted.edge_vhost, name, outside)
    yield from _edge_bounds(management, wanted.edge_vhost, wanted.bounds)


def _edge_steps(management: Management, wanted: BrokerSpec) -> Iterator[Step]:
    """Yield the steps of the outsiders' virtual host."""
    names, part = wanted.names, layout.edge(wanted.tiers_s)
    queues = management.get("queues", wanted.edge_vhost) or ()
    standing = found_on_broker(each["name"] for each in queues)
    if standing not in {None, names}:  # messages in them would have no consumer
        raise Misconfigured(f"The queues on {wanted.edge_vhost} end in another secret: bring back your copy of edge-names.")
    lanes = lanes_of(management, wanted.edge_vhost)
    before = bindings_of_before(bindings_in(management, wanted.edge_vhost), queues, names, lanes)
    unclaimed = unclaimed_steps(management, wanted.edge_vhost)
    yield from edge_topology_steps(management, wanted.edge_vhost, names, part + lanes + before, unclaimed)
    yield from _retiring_steps(management, wanted.edge_vhost, {each.name for each in part.queues})


def _retiring_steps(management: Management, vhost: str, old: set[str]) -> Iterator[Step]:
    """Yield the removal of queues with guessable names: first their bindings go, the services empty them, then they go.

    Their successors are bound by now, so a message that comes between the two steps is in both, and takes effect once.
    """
    bound = [each for each in sorted(bindings_in(management, vhost)) if each.queue in old and each.exchange]
    for binding in bound:
        yield _unbinding_step(management, vhost, binding)
    filled = {each.queue for each in bound}
    empty = [name for name in sorted(old - filled) if _is_empty(management.get("queues", vhost, name))]
    if empty:
        names = ", ".join(empty)
        yield Step(f"no queues {vhost}/{names} any more", lambda: _delete_empty(management, vhost, empty))


def _ended_steps(management: Management, vhost: str) -> Iterator[Step]:
    """Yield the removal of the queues of subscriptions that have ended, with the messages that no one waits for any more."""
    ended = ((service, event_type) for service, types in layout.ENDED.items() for event_type in types)
    names = {name for each in ended for name, _ in subscription_queues(*each)}
    queues = [each for each in management.get("queues", vhost) or () if each["name"] in names]
    for binding in sorted(bindings_in(management, vhost)) if queues else ():
        if binding.queue in names and binding.exchange:
            yield _unbinding_step(management, vhost, binding)
    for name in (each["name"] for each in queues if each.get("consumers") == 0):
        yield Step(f"no queue {vhost}/{name} any more", partial(management.delete, "queues", vhost, name))


def _delete_empty(management: Management, vhost: str, queues: Sequence[str]) -> None:
    """Delete those without messages. They have no bindings, so the broker's count after its next sample can only decrease."""
    time.sleep(_COUNTED_WITHIN_S)
    for name in queues:
        if _is_empty(management.get("queues", vhost, name)):
            management.delete("queues", vhost, name)


def _is_empty(queue: Mapping[str, Any] | None) -> bool:
    """Return False without a count yet."""
    return queue is not None and queue.get("messages") == 0


def topology_steps(management: Management, vhost: str, wanted: Topology, before_unbinding: Iterable[Step] = ()) -> Iterator[Step]:
    """Yield the virtual host, exchanges, queues and bindings that are missing. Raises Misconfigured for one that differs."""
    if management.get("vhosts", vhost) is None:
        yield Step(f"virtual host {vhost}", lambda: management.put("vhosts", vhost, body={}))
    exchanges = {each["name"]: each for each in management.get("exchanges", vhost) or ()}
    for exchange in wanted.exchanges:
        if not _same_exchange(exchange, exchanges.get(exchange.name), vhost):
            body = {"type": exchange.kind, "durable": True, "auto_delete": False, "internal": False, "arguments": {}}
            yield _put_step(f"exchange {vhost}/{exchange.name}", management, ("exchanges", vhost, exchange.name), body)
    queues = {each["name"]: each for each in management.get("queues", vhost) or ()}
    for queue in wanted.queues:
        if not _same_queue(queue, queues.get(queue.name), vhost):
            body = {"durable": True, "auto_delete": False, "arguments": dict(queue.arguments)}
            yield _put_step(f"queue {vhost}/{queue.name}", management, ("queues", vhost, queue.name), body)
    bound = bindings_in(management, vhost)
    for binding in wanted.bindings:
        if binding not in bound:
            yield _binding_step(management, vhost, binding)
    yield from before_unbinding
    ours, kept = {each.name for each in wanted.exchanges}, {(each.queue, each.routing_key) for each in wanted.bindings}
    for binding in sorted(bound - set(wanted.bindings)):
        if binding.exchange in ours and (binding.queue, binding.routing_key) in kept:
            yield _unbinding_step(management, vhost, binding)


def edge_topology_steps(
    management: Management, vhost: str, names: EdgeNames, wanted: Topology, before_unbinding: Iterable[Step] = ()
) -> Iterator[Step]:
    """Yield the same for the outsiders' virtual host: `wanted` has plain names, and no step shows the secret suffix."""
    try:
        for step in topology_steps(management, vhost, under_names(names, wanted), before_unbinding):
            yield replace(step, what=names.plain(step.what))
    except Misconfigured as error:
        raise Misconfigured(names.plain(str(error))) from None


def bindings_in(management: Management, vhost: str) -> set[Binding]:
    """Return all bindings from an exchange to a queue."""
    listed = [each for each in management.get("bindings", vhost) or () if each["destination_type"] == "queue"]
    return {Binding(each["source"], each["destination"], each["routing_key"]) for each in listed}


def account_steps(management: Management, name: str, password: str) -> Iterator[Step]:
    """Yield the account, when it is missing or has another password."""
    user = management.get("users", name)
    if user is None or not has_password(user, password):
        what = f"account {name}" if user is None else f"password of account {name}"
        yield Step(what, lambda: management.put("users", name, body={"password": password, "tags": ""}))


def rights_steps(management: Management, vhost: str, name: str, rights: Rights) -> Iterator[Step]:
    """Yield the account's permissions on a virtual host, where they differ."""
    wanted = vars(rights.permission)
    yield from _topic_steps(management, vhost, name, rights)  # before the permissions: without them it may write any routing key
    if not holds(management.get("permissions", vhost, name), wanted):
        yield _put_step(f"permissions of {name} on {vhost}", management, ("permissions", vhost, name), wanted)


def _topic_steps(management: Management, vhost: str, name: str, rights: Rights) -> Iterator[Step]:
    topics = management.get("topic-permissions", vhost, name) or []
    for topic in rights.topics:
        if not any(holds(each, vars(topic)) for each in topics):
            what = f"routing keys of {name} on {vhost}/{topic.exchange}"
            yield _put_step(what, management, ("topic-permissions", vhost, name), vars(topic))


def account_bounds(management: Management, name: str, bounds: Bounds) -> Iterator[Step]:
    """Yield the limits of an outsider's account, where they differ."""
    limits = {"max-connections": bounds.connections, "max-channels": bounds.channels}
    yield from _limits(management, "user-limits", name, limits, f"account {name}")


def _edge_bounds(management: Management, vhost: str, bounds: Bounds) -> Iterator[Step]:
    """Yield the bounds of all outsiders together, then of each account that an earlier version created."""
    limits = {"max-connections": bounds.connections_of_all}
    yield from _limits(management, "vhost-limits", vhost, limits, f"virtual host {vhost}")
    for policy in bounds.policies:
        if not policy_stands(management, vhost, policy):
            yield _put_step(f"policy {vhost}/{policy.name}", management, ("policies", vhost, policy.name), policy.as_dict())
    for each in management.get("vhosts", vhost, "permissions") or ():
        if outsider := outsider_of(each["user"]):
            yield from _topic_steps(management, vhost, each["user"], permissions.of_outsider(*outsider, ()))
            yield from account_bounds(management, each["user"], bounds)


def _limits(management: Management, kind: str, name: str, wanted: Mapping[str, int], whose: str) -> Iterator[Step]:
    listed = management.get(kind, name) or [{"value": {}}]
    for limit, value in wanted.items():
        if listed[0]["value"].get(limit) != value:
            yield _put_step(f"{limit} of {whose}", management, (kind, name, limit), {"value": value})


def _put_step(what: str, management: Management, path: tuple[str, ...], body: Mapping[str, object]) -> Step:
    return Step(what, lambda: management.put(*path, body=dict(body)))


def _binding_step(management: Management, vhost: str, binding: Binding) -> Step:
    what = f"binding {vhost}/{binding.exchange} -> {binding.queue} ({binding.routing_key})"
    path = ("bindings", vhost, "e", binding.exchange, "q", binding.queue)
    return Step(what, lambda: management.post(*path, body={"routing_key": binding.routing_key, "arguments": {}}))


def _unbinding_step(management: Management, vhost: str, binding: Binding) -> Step:
    what = f"no binding {vhost}/{binding.exchange} -> {binding.queue} ({binding.routing_key})"
    path = ("bindings", vhost, "e", binding.exchange, "q", binding.queue, binding.routing_key)
    return Step(what, lambda: management.delete(*path))


def _same_exchange(wanted: Exchange, standing: Mapping[str, Any] | None, vhost: str) -> bool:
    if standing is None:
        return False
    if (standing["type"], standing["durable"]) != (wanted.kind, True):
        stands = f"as {standing['type']}, not as durable {wanted.kind}"
        raise Misconfigured(f"The exchange {vhost}/{wanted.name} exists {stands}; {_REMEDY}")
    return True


def _same_queue(wanted: Queue, standing: Mapping[str, Any] | None, vhost: str) -> bool:
    if standing is None:
        return False
    has = standing["arguments"]
    different = [name for name in sorted({*has, *wanted.arguments}) if has.get(name) != wanted.arguments.get(name)]
    if different:
        name = different[0]
        says = f"{has.get(name, 'nothing')}, not {wanted.arguments.get(name, 'nothing')}"
        raise Misconfigured(f"The queue {vhost}/{wanted.name} has the argument {name} = {says}; {_REMEDY}")
    return True


_REMEDY = "drain it, delete it and provision again."


def hash_password(password: str) -> str:
    """Return a password as RabbitMQ stores it: base64(salt + SHA-256(salt + password)), with a salt of four bytes."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + _salted(salt, password)).decode()


def has_password(user: Mapping[str, Any], password: str) -> bool:
    """Return True if an account, as the management interface shows it, has this password."""
    if user.get("hashing_algorithm") != "rabbit_password_hashing_sha256" or not user.get("password_hash"):
        return False
    kept = base64.b64decode(user["password_hash"])
    return hmac.compare_digest(kept[4:], _salted(kept[:4], password))


def _salted(salt: bytes, password: str) -> bytes:
    return hashlib.sha256(salt + password.encode()).digest()
