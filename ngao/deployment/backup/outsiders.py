"""The accounts and queues that onboarding has created on the broker for sources and partners.

They cannot be created again from other data: a queue's name contains a random token, which is also in the outsider's account
file, and the broker has only hashes of passwords. The topology and the services' own accounts are left out, because
`ngao provision` creates them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ngao.broker.edge_names import found_on_broker
from ngao.broker.lanes import lanes_of
from ngao.broker.management import Management, Step
from ngao.broker.provisioning import edge_topology_steps
from ngao.chassis.errors import Misconfigured

_ACCOUNTS, _QUEUES = ("partner-", "source-"), ("partner.", "source.")
_RIGHTS = {"permissions": ("configure", "write", "read"), "topic_permissions": ("exchange", "write", "read")}


def read(management: Management, vhost: str) -> dict[str, Any]:
    """Read the outsiders' accounts, queues, bindings and permissions from the broker. Raises Unavailable, Misconfigured."""
    definitions = management.get("definitions") or {}
    kinds = ("queues", "bindings", *_RIGHTS)
    here = {kind: [each for each in definitions.get(kind, ()) if each.get("vhost") == vhost] for kind in kinds}
    names = {each["user"] for each in here["permissions"] if each["user"].startswith(_ACCOUNTS)}
    return {
        "vhost": vhost,
        "users": [each for each in definitions.get("users", ()) if each["name"] in names],
        "queues": [each for each in here["queues"] if each["name"].startswith(_QUEUES)],
        "bindings": [each for each in here["bindings"] if each["destination"].startswith(_QUEUES)],
        **{kind: [each for each in here[kind] if each["user"] in names] for kind in _RIGHTS},
    }


def steps(management: Management, kept: Mapping[str, Any]) -> Iterator[Step]:
    """Yield a step for each part that the broker lacks. Existing parts stay. Raises Misconfigured if there is no topology."""
    vhost = kept["vhost"]
    if management.get("vhosts", vhost) is None:
        raise Misconfigured(f"The broker has no virtual host {vhost} yet: run `ngao provision` first.")
    stands = read(management, vhost)
    queues, users = {each["name"] for each in stands["queues"]}, {each["name"] for each in management.get("users") or ()}
    for queue in (each for each in kept["queues"] if each["name"] not in queues):
        body = {"durable": True, "auto_delete": False, "arguments": queue["arguments"]}
        yield _put(f"queue {queue['name'].rsplit('.', 1)[0]}", management, ("queues", vhost, queue["name"]), body)
    for binding in (each for each in kept["bindings"] if _bound(each) not in {_bound(other) for other in stands["bindings"]}):
        path = ("bindings", vhost, "e", binding["source"], "q", binding["destination"])
        body = {"routing_key": binding["routing_key"], "arguments": binding.get("arguments", {})}
        yield Step(f"binding for {binding['routing_key']}", partial(management.post, *path, body=body))
    for user in (each for each in kept["users"] if each["name"] not in users):
        body = {"password_hash": user["password_hash"], "hashing_algorithm": user["hashing_algorithm"], "tags": ""}
        yield _put(f"account {user['name']}", management, ("users", user["name"]), body)
    for kind, what in (("topic_permissions", "routing keys"), ("permissions", "permissions")):  # as onboarding orders them
        for right in _lacking(kept, stands, kind):
            body = {name: right[name] for name in _RIGHTS[kind]}
            yield _put(f"{what} of {right['user']}", management, (kind.replace("_", "-"), vhost, right["user"]), body)
    names = found_on_broker(each["name"] for each in management.get("queues", vhost) or ())
    if names is not None:
        yield from edge_topology_steps(management, vhost, names, lanes_of(management, vhost))


def _bound(binding: Mapping[str, Any]) -> tuple[str, str, str]:
    return binding["source"], binding["destination"], binding["routing_key"]


def _lacking(kept: Mapping[str, Any], stands: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    there = {(each["user"], each.get("exchange")) for each in stands[kind]}
    yield from (each for each in kept[kind] if (each["user"], each.get("exchange")) not in there)


def _put(what: str, management: Management, path: tuple[str, ...], body: Mapping[str, Any]) -> Step:
    return Step(what, lambda: management.put(*path, body=dict(body)))
