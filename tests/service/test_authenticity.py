"""An event is believed only from the service that owns its type, by the way its owner publishes it: on the real broker.

RabbitMQ before 4.0 routes by the keys in `CC` and `BCC` without asking whether the publisher may use them.
"""

from __future__ import annotations

import secrets
from typing import Any

import pika
import pytest

from ngao.chassis.messaging.accounts import service_account
from ngao.contracts import CONTENT_TYPE, Event, encode, make
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.told import ALSO_HEARD, HEARD, QUEUE, SAID, effects, heard

STORE_OF = "referral"
OWNER = "notify"
OWN_KEY = "routine.registry.consent.changed.v1"
"""What the intruder, an account of another service, may publish."""


class Intruder:
    """Who holds one service's broker password, and nothing else."""

    def __init__(self, line: Line, edge: Line, service: str) -> None:
        self._line, self._edge, self.service, self.account = line, edge, service, service_account(service)

    def publishes(self, body: bytes, key: str, *, exchange: str = "events", edge: bool = False, **properties: Any) -> None:
        line = self._edge if edge else self._line
        made = pika.BasicProperties(**{"content_type": CONTENT_TYPE, "message_id": secrets.token_hex(8), **properties})
        with line.open_as(self.service) as channel:
            channel.basic_publish(exchange, key, body, made, mandatory=True)


@pytest.fixture
def intruder(world: World, line: Line) -> Intruder:
    return Intruder(line, Line(world, edge=True), "registry")


def refused(store: Any, before: set[str]) -> list[dict[str, Any]]:
    return [each for each in store.parked.find({"state": "parked"}) if each["_id"] not in before]


def is_refused(store: Any, probe: ServiceProcess, before: set[str], event: Event) -> list[str]:
    """Wait until it stands parked as a forgery; gives what did not agree."""
    found = eventually(lambda: refused(store, before), what="the forged event to be parked")
    assert [each["reason"] for each in found] == ["not-authentic"] * len(found)
    assert effects(store, event) == 0
    shown = probe.request("GET", "/metrics")[1].decode()
    assert "ngao_events_not_authentic_total{" in shown
    return sorted(each["errors"][0]["code"] for each in found)


@pytest.fixture
def before(store: Any, probe: ServiceProcess) -> set[str]:
    return {each["_id"] for each in store.parked.find({}, {"_id": 1})}


@pytest.mark.parametrize("header", ["CC", "BCC"])
@pytest.mark.parametrize("named", [True, False], ids=["own-account-named", "no-account-named"])
def test_an_event_that_another_service_routes_by_cc_or_bcc_is_parked(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder, *, header: str, named: bool
) -> None:
    event = heard("ok")
    account = {"user_id": intruder.account} if named else {}
    intruder.publishes(encode(event), OWN_KEY, headers={header: [event.routing_key]}, **account)
    assert is_refused(store, probe, before, event) == ["routing-key"]


def test_an_event_of_another_type_is_not_handled_by_a_queue_it_was_routed_to(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder
) -> None:
    """Key, type, source and account agree: only the queue is another's."""
    data = {"case_ref": "NG-0000000003", "granted": True, "purpose": "referral", "scope": [], "recipient": None}
    forged = make("registry.consent.changed.v1", subject="NG-0000000003", data={**data, "effective_at": heard("ok").time})
    intruder.publishes(encode(forged), forged.routing_key, user_id=intruder.account, headers={"CC": [f"routine.{HEARD}"]})
    assert is_refused(store, probe, before, forged) == ["type"]


def test_an_event_under_another_services_name_is_parked(
    probe: ServiceProcess, line: Line, store: Any, before: set[str]
) -> None:
    event = heard("ok")
    forged = encode(event).replace(b'"source":"/ngao/notify"', b'"source":"/ngao/registry"')
    line.publish_raw(forged, event.routing_key)
    assert is_refused(store, probe, before, event) == ["source"]


def test_the_owners_own_key_is_not_believed_without_the_brokers_word_for_its_account(
    probe: ServiceProcess, store: Any, before: set[str], world: World
) -> None:
    """Who may write any key (an administrator, a broker without topic permissions) does not name itself the owner."""
    event = heard("ok")
    with Line(world).open() as channel:
        channel.basic_publish("events", event.routing_key, encode(event), pika.BasicProperties(content_type=CONTENT_TYPE))
    assert is_refused(store, probe, before, event) == ["account"]


def test_headers_of_a_returned_copy_are_believed_on_our_own_copies_only(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder
) -> None:
    """By CC through `redeliver`, straight into the queue, with the headers that a retried copy has."""
    event = heard("ok")
    headers = {"x-ngao-routing-key": event.routing_key, "x-ngao-user-id": service_account(OWNER), "CC": [QUEUE]}
    intruder.publishes(encode(event), f"{intruder.service}.any", exchange="redeliver", user_id=intruder.account, headers=headers)
    assert is_refused(store, probe, before, event) == ["routing-key"]


def test_a_delayed_copy_of_another_service_is_not_believed(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder
) -> None:
    """The wait queues hand on all keys that a message came with."""
    event = heard("ok")
    headers = {"x-ngao-routing-key": event.routing_key, "x-ngao-user-id": service_account(OWNER), "CC": [QUEUE]}
    intruder.publishes(encode(event), f"{intruder.service}.any", exchange="retry.1", user_id=intruder.account, headers=headers)
    assert is_refused(store, probe, before, event) == ["routing-key"]


def test_another_service_cannot_be_a_partner_by_way_of_the_edge(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder
) -> None:
    headers = {"x-ngao-routing-key": "helper.accept", "x-ngao-user-id": "partner-helper", "CC": ["referral.partner-replies"]}
    body = b"take me " + secrets.token_hex(4).encode()
    key, account = f"{intruder.service}.any", intruder.account
    intruder.publishes(body, key, exchange="redeliver", edge=True, user_id=account, headers=headers, content_type="text/plain")
    taken = eventually(lambda: store.effects.find_one({"case_ref": key}), what="the delivery to be handled")
    assert taken["event"] == intruder.account
    assert store.effects.count_documents({"event": "partner-helper"}) == 0


def test_a_copy_of_our_own_keeps_its_owner_through_retries_and_a_replay(
    probe: ServiceProcess, line: Line, store: Any, world: World, before: set[str]
) -> None:
    broken = world.directory / secrets.token_hex(4)
    broken.touch()
    event = heard(f"raise-while:{broken.name}")
    line.publish(event)
    (found,) = eventually(lambda: refused(store, before), what="parking after all tiers")
    assert (found["reason"], found["attempts"]) == ("handler-error-RuntimeError", 3)
    broken.unlink()
    status, _ = probe.request("POST", f"/v1/parked/{found['_id']}/replay", {"reason": "mended"}, world.operator_key)
    assert status == 204
    eventually(lambda: effects(store, event) == 1, what="the effect of the replay")


def test_a_replay_makes_no_forgery_true(
    probe: ServiceProcess, store: Any, before: set[str], intruder: Intruder, world: World
) -> None:
    event = heard("ok", kind=ALSO_HEARD)
    intruder.publishes(encode(event), OWN_KEY, headers={"BCC": [event.routing_key]})
    assert is_refused(store, probe, before, event) == ["routing-key"]
    (found,) = refused(store, before)
    path = f"/v1/parked/{found['_id']}/replay"
    assert probe.request("POST", path, {"reason": "by mistake"}, world.operator_key)[0] == 204
    eventually(lambda: store.parked.find_one({"_id": found["_id"], "state": "parked", "times": 2}), what="parking again")
    assert effects(store, event) == 0


def test_what_a_service_publishes_bears_the_account_that_the_broker_vouches_for(
    probe: ServiceProcess, line: Line, store: Any
) -> None:
    event = heard("ok")
    line.publish(event)

    def said() -> list[Any]:
        return [properties for properties, body in line.take(SAID) if event.subject.encode() in body]

    (properties,) = eventually(said, what="the follow-up event")
    assert properties.user_id == service_account("referral")
