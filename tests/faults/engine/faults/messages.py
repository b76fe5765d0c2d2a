"""Messages nobody can read, messages that kill whoever reads them, the same again, and in any order."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika

from ngao.chassis.messaging.accounts import service_account
from ngao.contracts import CONTENT_TYPE, decode, make
from tests.faults.engine.facts import Limits
from tests.faults.engine.rounds import Fault
from tests.faults.engine.site import Site

_POISON = (b'{"specversion": "1.0", "broken', b"\xff\xfe\x00", b"[" * 20000, b'{"a":' * 3000, b"x" * 1_000_000)
CRASHES_WITHIN_S = 120.0
"""Four starts of a service, each of which dies at once, and one that lives."""
_QUEUES = ("referral.intake.report.accepted.v1", "notify.referral.offered.v1", "registry.intake.report.accepted.v1")


@contextmanager
def poison(site: Site, lot: random.Random) -> Iterator[None]:
    """Broken JSON, no text, deep nesting, a megabyte, a schema that is broken: in three services' queues."""
    for queue in _QUEUES:
        for body in _POISON:
            site.stage.line.publish_raw(body + lot.randbytes(4).hex().encode(), queue, exchange="redeliver")
    yield


@contextmanager
def crash_loop(site: Site, _lot: random.Random) -> Iterator[None]:
    """One message ends the process of whoever takes it, again and again, until the broker takes it away.

    An operator's policy lowers the limit of deliveries, so that this is a matter of seconds, and that innocent ones behind the
    guilty one reach it, too.
    """
    ref = f"NG-{secrets.token_hex(5).upper()}"
    data = {"message_id": "m", "case_ref": ref, "cause": "c", "recipient_kind": "duty_officer", "recipient_ref": "r",
            "template": "t", "channel": "email", "reason": "no_address", "next_step": "operator",
            "policy_version": "1"}  # fmt: skip
    event = make("notify.message.refused.v1", subject=ref, data=data)
    body = site.stage.world.signed(event)
    guilty = {"reason": "delivery-limit", "queue": f"referral.{event.type}", "size": len(body)}
    with limited(site, "^referral[.]", deliveries=3):
        site.orders("referral").give("crash-on", ref)
        site.stage.line.publish_raw(body, event.routing_key)
        deadline = time.monotonic() + CRASHES_WITHIN_S
        while not site.database("referral").parked.count_documents(guilty):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {CRASHES_WITHIN_S} s in vain for the broker to take a deadly message away")
            site.revive("referral", ready=False)
            time.sleep(0.1)
    yield


@contextmanager
def limited(site: Site, queues: str, *, deliveries: int) -> Iterator[None]:
    """A lower delivery limit for queues of a pattern; of a policy's and a queue's own limit the broker takes the lower one."""
    policy = ("policies", site.stage.world.vhost, "test-limit")
    body = {"pattern": queues, "definition": {"delivery-limit": deliveries}, "apply-to": "queues"}
    site.stage.management.put(*policy, body=body)
    try:
        yield
    finally:
        site.stage.management.delete(*policy)


@contextmanager
def duplicates(site: Site, lot: random.Random) -> Iterator[None]:
    """Every event of some seconds is published again, 2 to 20 times in all, with its own id."""
    with tapped(site, "#") as tap:
        yield
        for body, key in tap():
            for _ in range(lot.randint(1, 19)):
                _again(site, body, key)


@contextmanager
def reordered(site: Site, lot: random.Random) -> Iterator[None]:
    """All events of some seconds are held back from everybody and come in any order, one in three twice."""
    bindings = [
        each for each in site.stage.management.get("bindings", site.stage.world.vhost)
        if each["source"] == "events" and each["destination_type"] == "queue"
    ]  # fmt: skip
    held: list[tuple[bytes, str]] = []
    with tapped(site, "#") as tap:
        for each in bindings:
            site.stage.line.unbind(each["destination"], "events", each["routing_key"])
        yield
        for each in bindings:
            site.stage.line.bind(each["destination"], "events", each["routing_key"])
        time.sleep(0.5)
        held = tap()
    lot.shuffle(held)
    for body, key in held:
        for _ in range(lot.choice((1, 1, 2))):
            _again(site, body, key)


def _again(site: Site, body: bytes, key: str) -> None:
    """As its owner would: nobody else is believed."""
    owner = key.split(".")[1]
    properties = pika.BasicProperties(
        content_type=CONTENT_TYPE, message_id=decode(body).id, delivery_mode=2, user_id=service_account(owner)
    )
    _channel(site, owner).basic_publish("events", key, body, properties)


_channels: dict[tuple[int, str], Any] = {}


def _channel(site: Site, account: str = "") -> Any:
    """One connection of an account for thousands of repeats; without a service's name it is the administrator's."""
    channel = _channels.get((id(site), account))
    if channel is None or channel.is_closed:
        opened = site.stage.line.open_as(account) if account else site.stage.line.open()
        channel = _channels[id(site), account] = opened.__enter__()
    return channel


@contextmanager
def tapped(site: Site, key: str) -> Iterator[Any]:
    """A queue of the test's own that hears what services say; gives a function that takes what it has heard."""
    name = f"test.{secrets.token_hex(4)}"
    site.stage.management.put("queues", site.stage.world.vhost, name, body={"durable": True})
    site.stage.line.bind(name, "events", key)

    def take() -> list[tuple[bytes, str]]:
        channel, found = _channel(site), []
        while True:
            method, _properties, body = channel.basic_get(name, auto_ack=True)
            if method is None:
                return found
            found.append((body, method.routing_key))

    try:
        yield take
    finally:
        site.stage.management.delete("queues", site.stage.world.vhost, name)
        for account in [account for of, account in _channels if of == id(site)]:
            channel = _channels.pop((id(site), account))
            if channel.is_open:
                channel.connection.close()


_DUPLICATES = Limits(wire_repeats=0)

FAULTS = [
    Fault("poison", "messages that nobody can read, in three services' queues", poison, lasts=2,
          limits=Limits(parked=len(_POISON) * len(_QUEUES))),
    Fault("crash-loop", "one message kills whoever takes it, with others prefetched behind it", crash_loop, lasts=1, rate=1.5,
          limits=Limits(answers_within=None, parked=1), replays=True),
    Fault("duplicates", "every event comes 2 to 20 times", duplicates, lasts=5, limits=_DUPLICATES),
    Fault("reordered", "all events of some seconds come in any order, some twice", reordered, lasts=4),
]  # fmt: skip
