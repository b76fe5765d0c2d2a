"""Provisioning and onboarding on a real broker, in virtual hosts and accounts of this test's own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError

from ngao.broker import layout, provisioning
from ngao.broker.bounds import Bounds
from ngao.broker.layout import EDGE_INBOUND, Binding, Inbound
from ngao.broker.management import Management
from ngao.broker.onboarding import AccountFile, Edge, is_onboarded, onboard, revoke
from ngao.broker.provisioning import BrokerSpec, bindings_in, provision
from ngao.chassis.errors import InvalidInput, Misconfigured, Unavailable
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.queues import lane_name, subscription_queues
from ngao.testing.addresses import addresses
from ngao.testing.waiting import eventually

pytestmark = pytest.mark.thorough

BOUNDS = Bounds(outsiders_queue_bytes=100_000, inbound_queue_bytes=200_000)


@dataclass(frozen=True)
class Place:
    management: Management
    wanted: BrokerSpec
    edge: Edge
    mine: str
    other: str

    def connect(self, username: str, password: str, vhost: str) -> Any:
        account = pika.PlainCredentials(username, password)
        return pika.BlockingConnection(pika.ConnectionParameters(self.edge.host, self.edge.port, vhost, account))

    def outsider(self, account: AccountFile) -> Any:
        return self.connect(account.username, account.password, self.edge.vhost)

    def service(self, name: str, vhost: str) -> Any:
        return self.connect(service_account(name), self.wanted.passwords[name], vhost)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    token = secrets.token_hex(4)
    mine, other = f"a{token}", f"b{token}"
    parts = addresses()
    user, password = parts.account
    url = parts.management.rpartition("@")
    management = Management(f"http://{url[2]}", user, password)
    subscriptions = {mine: (f"{other}.thing.done.v1",), other: (f"{mine}.thing.done.v1",)}
    passwords = {mine: secrets.token_hex(8), other: secrets.token_hex(8)}
    vhost, outbound = f"test-{token}", {mine: ("partners", "results")}
    names = EdgeNames(secrets.token_urlsafe(32))
    wanted = BrokerSpec(vhost, f"{vhost}.edge", subscriptions, outbound, (1, 2), passwords, names, BOUNDS)
    provision(management, wanted)
    yield Place(management, wanted, Edge(wanted.edge_vhost, parts.amqp_host, parts.amqp_port), mine, other)
    for vhost in (wanted.vhost, wanted.edge_vhost):
        management.delete("vhosts", vhost)
    for service in subscriptions:
        management.delete("users", service_account(service))
    for each in management.get("users"):
        if token in each["name"]:
            management.delete("users", each["name"])
    management.close()


def _administrator(place: Place) -> Any:
    user, password = addresses().account
    place.management.put("permissions", place.edge.vhost, user, body={"configure": ".*", "write": ".*", "read": ".*"})
    return place.connect(user, password, place.edge.vhost)


def named(place: Place, name: str) -> str:
    return f"{name}-{place.mine}"


def publish(connection: Any, exchange: str, key: str, body: bytes = b"{}", **properties: Any) -> None:
    """Publish and learn whether the broker let it; raises what pika raises."""
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, body, pika.BasicProperties(delivery_mode=2, **properties), mandatory=True)


def is_refused(connection: Any, exchange: str, key: str, **properties: Any) -> bool:
    try:
        publish(connection, exchange, key, **properties)
    except ChannelClosedByBroker as error:
        return error.reply_code == 403 or "user_id" in error.reply_text
    return False


def can_read(connection: Any, queue: str) -> bool:
    try:
        connection.channel().basic_get(queue, auto_ack=False)
    except ChannelClosedByBroker as error:
        if error.reply_code == 403:
            return False
        raise
    return True


def test_a_second_provisioning_has_nothing_to_do(place: Place) -> None:
    assert provision(place.management, place.wanted) == []


def test_a_dry_run_says_what_is_missing_and_does_nothing(place: Place) -> None:
    name = f"wait.{place.wanted.tiers_s[1]}"
    place.management.delete("queues", place.wanted.vhost, name)
    said = provision(place.management, place.wanted, dry_run=True)
    assert said == provision(place.management, place.wanted, dry_run=True)
    assert f"queue {place.wanted.vhost}/{name}" in said
    assert provision(place.management, place.wanted) == said


def test_a_queue_that_gets_notices_now_gets_the_events_no_more(place: Place) -> None:
    notify = {"notify": ("intake.report.accepted.v1",)}
    wanted = replace(place.wanted, subscriptions={**place.wanted.subscriptions, **notify})
    if place.management.get("users", service_account("notify")) is None:
        place.management.put("users", service_account("notify"), body={"password": secrets.token_hex(8), "tags": ""})
    old = Binding("events", "notify.intake.report.accepted.v1", "routine.intake.report.accepted.v1")
    provision(place.management, wanted)
    path = ("bindings", wanted.vhost, "e", old.exchange, "q", old.queue)
    place.management.post(*path, body={"routing_key": old.routing_key, "arguments": {}})
    assert len(provision(place.management, wanted)) == 1
    assert old not in bindings_in(place.management, wanted.vhost)
    assert replace(old, exchange="notices") in bindings_in(place.management, wanted.vhost)


def test_the_queue_of_a_subscription_that_has_ended_goes_when_nobody_consumes_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, vhost = f"{place.other}.thing.gone.v1", place.wanted.vhost
    (routine, _), (urgent, _) = subscription_queues(place.mine, before)

    def consumers(name: str) -> int | None:
        queue = place.management.get("queues", vhost, name)
        return queue and queue.get("consumers")

    now = place.wanted.subscriptions
    provision(place.management, replace(place.wanted, subscriptions={**now, place.mine: (*now[place.mine], before)}))
    monkeypatch.setattr(layout, "ENDED", {place.mine: (before,)})
    connection = place.service(place.mine, vhost)
    connection.channel().basic_consume(routine, lambda *_: None)
    eventually(lambda: (consumers(routine), consumers(urgent)) == (1, 0), what="the consumer to be seen")
    provision(place.management, place.wanted)
    assert not {routine, urgent} & {each.queue for each in bindings_in(place.management, vhost) if each.exchange}
    assert consumers(routine) == 1, "a process of an earlier version still consumes it"
    assert place.management.get("queues", vhost, urgent) is None
    connection.close()
    eventually(lambda: consumers(routine) == 0, what="the consumer to be gone")
    provision(place.management, place.wanted)
    assert place.management.get("queues", vhost, routine) is None
    assert provision(place.management, place.wanted) == []


def test_a_queue_with_other_arguments_is_named_with_the_argument(place: Place) -> None:
    name = f"wait.{place.wanted.tiers_s[0]}"
    path = ("queues", place.wanted.vhost, name)
    arguments = place.management.get(*path)["arguments"]
    place.management.delete(*path)
    place.management.put(*path, body={"durable": True, "arguments": {**arguments, "x-message-ttl": 77}})
    with pytest.raises(Misconfigured, match=rf"{name}.*x-message-ttl = 77, not 1000"):
        provision(place.management, place.wanted)
    place.management.delete(*path)
    provision(place.management, place.wanted)


def test_a_changed_password_is_set_and_then_left_alone(place: Place) -> None:
    place.management.put("users", service_account(place.mine), body={"password": "another", "tags": ""})
    assert provision(place.management, place.wanted) == [f"password of account {service_account(place.mine)}"]
    assert provision(place.management, place.wanted) == []


def test_a_service_reads_its_own_queues_only(place: Place) -> None:
    connection = place.service(place.mine, place.wanted.vhost)
    for queue, _ in subscription_queues(place.mine, f"{place.other}.thing.done.v1"):
        assert can_read(connection, queue)
    assert can_read(connection, f"{place.mine}.dead")
    assert not can_read(connection, f"{place.other}.{place.mine}.thing.done.v1")
    assert not can_read(connection, f"{place.other}.dead")
    connection.close()


def test_a_service_says_its_own_types_only(place: Place) -> None:
    connection = place.service(place.mine, place.wanted.vhost)
    publish(connection, "events", f"urgent.{place.mine}.thing.done.v1")
    assert is_refused(connection, "events", f"routine.{place.other}.thing.done.v1")
    assert is_refused(connection, "dead", place.other)
    connection.close()


def test_a_service_redelivers_to_its_own_queues_only(place: Place) -> None:
    connection = place.service(place.mine, place.wanted.vhost)
    publish(connection, "redeliver", f"{place.mine}.{place.other}.thing.done.v1")
    assert is_refused(connection, "redeliver", f"{place.other}.{place.mine}.thing.done.v1")
    assert is_refused(connection, "retry.1", f"{place.other}.{place.mine}.thing.done.v1")
    connection.close()


def test_a_message_comes_back_from_a_wait_queue_to_where_it_was(place: Place) -> None:
    connection = place.service(place.mine, place.wanted.vhost)
    (routine, _), _ = subscription_queues(place.mine, f"{place.other}.thing.done.v1")
    channel = connection.channel()
    publish(connection, "retry.1", routine, message_id="waited")
    eventually(lambda: _took(channel, routine, "waited"), what="the message to be back in its queue")
    connection.close()


def _took(channel: Any, queue: str, message_id: str) -> bool:
    method, properties, _ = channel.basic_get(queue, auto_ack=True)
    return method is not None and properties.message_id == message_id


def test_a_service_without_partner_events_cannot_write_to_partners(place: Place) -> None:
    connection = place.service(place.other, place.wanted.edge_vhost)
    assert is_refused(connection, "partners", f"legal-aid.routine.{place.other}.thing.done.v1")
    connection.close()


def test_a_partner_hears_its_own_offers_in_two_queues(place: Place) -> None:
    account = onboard(place.management, place.edge, "partner", named(place, "p1"))
    writer, reader = place.service(place.mine, place.edge.vhost), place.outsider(account)
    publish(writer, "partners", f"{account.id}.urgent.{place.mine}.offered.v1", message_id="u")
    publish(writer, "partners", f"{account.id}.routine.{place.mine}.offered.v1", message_id="r")
    channel = reader.channel()
    eventually(lambda: _took(channel, account.queues["urgent"], "u"), what="the urgent one")
    eventually(lambda: _took(channel, account.queues["routine"], "r"), what="the routine one")
    writer.close()
    reader.close()


def test_a_partner_can_do_nothing_in_anothers_name(place: Place) -> None:
    one, two = (onboard(place.management, place.edge, "partner", named(place, name)) for name in ("p2", "p3"))
    connection = place.outsider(one)
    publish(connection, "partner-replies", f"{one.id}.accept", user_id=one.username)
    assert is_refused(connection, "partner-replies", f"{two.id}.accept")
    assert is_refused(connection, "partner-replies", f"{one.id}.accept\n")
    assert is_refused(connection, "partner-replies", f"{one.id}.accept", user_id=two.username)
    assert is_refused(connection, "reports", one.id)
    assert is_refused(connection, "", two.queues["urgent"])
    assert not can_read(connection, two.queues["routine"])
    assert not can_read(connection, place.wanted.names.on_broker("referral.partner-replies"))
    connection.close()


def test_an_outsider_cannot_make_or_bind_a_queue(place: Place) -> None:
    account = onboard(place.management, place.edge, "partner", named(place, "p4"))
    connection = place.outsider(account)
    with pytest.raises(ChannelClosedByBroker, match="403"):
        connection.channel().queue_declare("mine")
    with pytest.raises(ChannelClosedByBroker, match="403"):
        connection.channel().queue_bind(account.queues["routine"], "partners", "#")
    connection.close()


def test_an_outsider_does_not_see_the_services_virtual_host(place: Place) -> None:
    account = onboard(place.management, place.edge, "partner", named(place, "p5"))
    with pytest.raises(AMQPError):
        place.connect(account.username, account.password, place.wanted.vhost)


def test_a_source_posts_under_its_own_name_and_reads_its_results(place: Place) -> None:
    account = onboard(place.management, place.edge, "source", named(place, "s1"))
    connection, writer = place.outsider(account), place.service(place.mine, place.edge.vhost)
    publish(connection, "reports", account.id, user_id=account.username)
    assert is_refused(connection, "reports", f"{account.id}-2")
    assert is_refused(connection, "reports", f"{account.id}\n"), "no lane is bound for it"
    publish(writer, "results", f"{account.id}.{place.mine}.receipt.v1")
    assert can_read(connection, account.queues["results"])
    connection.close()
    writer.close()


def test_onboarding_again_keeps_the_queues_and_changes_the_password(place: Place) -> None:
    name = named(place, "p6")
    first, second = (onboard(place.management, place.edge, "partner", name) for _ in range(2))
    assert first.queues == second.queues
    assert first.password != second.password
    with pytest.raises(AMQPError):
        place.outsider(first)
    place.outsider(second).close()


def test_queue_names_cannot_be_guessed(place: Place) -> None:
    account = onboard(place.management, place.edge, "source", named(place, "s2"))
    assert len(account.queues["results"].rsplit(".", 1)[1]) == 32


def test_a_revoked_account_is_thrown_out_while_connected_and_its_queues_stay(place: Place) -> None:
    account = onboard(place.management, place.edge, "partner", named(place, "p7"))
    connection = place.outsider(account)
    revoke(place.management, "partner", account.id)
    with pytest.raises(AMQPError):
        connection.process_data_events(time_limit=5)
    assert not is_onboarded(place.management, place.edge.vhost, "partner", account.id)
    with pytest.raises(AMQPError):
        place.outsider(account)
    publish(place.service(place.mine, place.edge.vhost), "partners", f"{account.id}.routine.{place.mine}.recalled.v1")
    revoke(place.management, "partner", account.id)


def test_an_account_has_a_share_of_connections_and_channels_and_takes_nobody_elses(place: Place) -> None:
    """The broker counts what is open a moment after it has let it in."""
    greedy, other = (onboard(place.management, place.edge, "partner", named(place, name)) for name in ("greedy", "modest"))
    lines = [place.outsider(greedy) for _ in range(BOUNDS.connections)]
    try:
        eventually(lambda: _is_shut(lambda: lines.append(place.outsider(greedy))), what="one connection more to be refused")
        assert len(lines) < 2 * BOUNDS.connections
        with place.outsider(other) as line:
            assert line.channel().is_open
        _open_channels(lines, BOUNDS.channels)
        eventually(lambda: _is_shut(lambda: _open_channels(lines, 1)), what="one channel more to be refused")
    finally:
        for line in lines:
            if line.is_open:
                line.close()


@pytest.fixture
def few(place: Place) -> Iterator[int]:
    """The outsiders' virtual host has a bound that a test can reach."""
    bound = 6
    few = replace(place.wanted, bounds=replace(BOUNDS, connections_of_all=bound))
    assert provision(place.management, few) == [f"max-connections of virtual host {place.edge.vhost}"]
    yield bound
    provision(place.management, place.wanted)


def _bound_of_all(place: Place) -> dict[str, int]:
    (found,) = place.management.get("vhost-limits", place.edge.vhost)
    return dict(found["value"])


def test_all_outsiders_together_have_a_bound_that_is_put_back(place: Place) -> None:
    assert _bound_of_all(place) == {"max-connections": Bounds().connections_of_all}
    place.management.put("vhost-limits", place.edge.vhost, "max-connections", body={"value": 5000})
    provision(place.management, place.wanted)
    assert _bound_of_all(place) == {"max-connections": Bounds().connections_of_all}


def test_no_account_gets_a_connection_beyond_the_bound_of_all(place: Place, few: int) -> None:
    assert _bound_of_all(place) == {"max-connections": few}
    one, other = (onboard(place.management, place.edge, "partner", named(place, name)) for name in ("crowd1", "crowd2"))
    lines = [place.outsider(account) for account in (one, other) for _ in range(few // 2)]
    try:
        for account in (one, other):
            eventually(lambda of=account: _is_shut(lambda: lines.append(place.outsider(of))), what="one more to be refused")  # type: ignore[misc]
        assert len(lines) < 2 * few
        lines.pop().close()
        eventually(lambda: not _is_shut(lambda: lines.append(place.outsider(other))), what="a free place to be given")
    finally:
        for line in lines:
            if line.is_open:
                line.close()


def _is_shut(way: Callable[[], object]) -> bool:
    try:
        way()
    except AMQPError:
        return True
    return False


def _open_channels(lines: list[Any], count: int) -> None:
    for number in range(count):
        lines[number % len(lines)].channel()


def _flood(line: Any, key: str, size: int) -> None:
    for _ in range(size // 20_000):
        publish(line, "reports", key, body=b"x" * 20_000)


def test_a_flood_is_refused_before_it_fills_the_disk(place: Place) -> None:
    source = onboard(place.management, place.edge, "source", named(place, "flood"))
    with place.outsider(source) as line, pytest.raises(NackError):
        _flood(line, named(place, "flood"), 3 * BOUNDS.outsiders_queue_bytes)


def test_a_source_whose_lane_is_full_takes_the_way_from_nobody(place: Place) -> None:
    greedy = onboard(place.management, place.edge, "source", named(place, "greedy"))
    modest = onboard(place.management, place.edge, "source", named(place, "modest"))
    with place.outsider(greedy) as line, pytest.raises(NackError):
        _flood(line, named(place, "greedy"), 3 * BOUNDS.outsiders_queue_bytes)
    with place.outsider(modest) as line:
        publish(line, "reports", named(place, "modest"), body=b"x" * 20_000)


@pytest.mark.parametrize("inbound", EDGE_INBOUND, ids=[each.kind for each in EDGE_INBOUND])
def test_what_an_outsider_posts_comes_once_into_its_lane_and_without_one_is_not_lost(place: Place, inbound: Inbound) -> None:
    name = named(place, "laned")
    key = {"source": name, "partner": f"{name}.accept"}[inbound.kind]
    lane = place.wanted.names.on_broker(lane_name(inbound.queue, name))
    shared = place.wanted.names.on_broker(inbound.queue)
    line = place.outsider(onboard(place.management, place.edge, inbound.kind, name))
    channel = _administrator(place).channel()
    channel.queue_purge(shared)
    publish(line, inbound.exchange, key, body=b"mine")
    assert [channel.basic_get(queue, auto_ack=True)[2] for queue in (lane, shared)] == [b"mine", None]
    channel.queue_delete(lane)
    publish(line, inbound.exchange, key, body=b"unclaimed")
    assert channel.basic_get(shared, auto_ack=True)[2] == b"unclaimed"
    assert len(provision(place.management, place.wanted)) == 2
    publish(line, inbound.exchange, key, body=b"mine again")
    assert [channel.basic_get(queue, auto_ack=True)[2] for queue in (lane, shared)] == [b"mine again", None]
    channel.connection.close()
    line.close()


def _provision_while(place: Place, post: Callable[[], None]) -> None:
    """What is posted after each step is mandatory: it would come back if no queue took it."""
    for step in provisioning.steps(place.management, place.wanted):
        step.do()
        post()


def test_a_broker_of_before_gets_lanes_and_there_is_no_moment_in_which_a_message_is_lost_or_unread(place: Place) -> None:
    """Its queue got everything, there was no alternate exchange, and an account had no lane.

    Everything goes on coming into the shared queue until a service reads a lane: before, an older version may run.
    """
    name = named(place, "older")
    with place.outsider(onboard(place.management, place.edge, "source", name)) as line:
        shared, lane = (place.wanted.names.on_broker(each) for each in ("intake.reports", lane_name("intake.reports", name)))
        before = ("bindings", place.edge.vhost, "e", "reports", "q", shared)
        place.management.post(*before, body={"routing_key": "#", "arguments": {}})
        place.management.delete("policies", place.edge.vhost, "reports.unclaimed")
        place.management.delete("queues", place.edge.vhost, lane)
        _provision_while(place, lambda: publish(line, "reports", name))
        made = {Binding("reports", lane, f"{name}.#"), Binding("reports.unclaimed", shared, "#")}
        everything = Binding("reports", shared, "#")
        assert made | {everything} <= bindings_in(place.management, place.edge.vhost)
        channel = _administrator(place).channel()
        channel.basic_consume(lane, lambda *_: None)
        counted = ("queues", place.edge.vhost, lane)
        eventually(lambda: place.management.get(*counted).get("consumers"), within=30, what="the broker to count the consumer")
        _provision_while(place, lambda: publish(line, "reports", name))
        assert made <= bindings_in(place.management, place.edge.vhost)
        assert everything not in bindings_in(place.management, place.edge.vhost)
        channel.connection.close()


def test_a_policy_that_keeps_ours_from_its_exchange_is_named(place: Place) -> None:
    other = {"pattern": "^reports$", "definition": {"alternate-exchange": "dead"}, "apply-to": "exchanges", "priority": 1000}
    place.management.put("policies", place.edge.vhost, "someones", body=other)
    with pytest.raises(Misconfigured, match="exchange reports"):
        provision(place.management, place.wanted)
    place.management.delete("policies", place.edge.vhost, "someones")
    assert provision(place.management, place.wanted) == []


def test_a_queue_that_nobody_reads_is_full_at_its_own_bound(place: Place) -> None:
    partner = onboard(place.management, place.edge, "partner", named(place, "silent"))

    def bounded() -> bool:
        queue = place.management.get("queues", place.edge.vhost, partner.queues["routine"])
        assert queue["arguments"]["x-overflow"] == "reject-publish"
        return bool(queue.get("effective_policy_definition") == {"max-length-bytes": BOUNDS.outsiders_queue_bytes})

    eventually(bounded, within=30, what="the broker to show the bound")


def test_accounts_from_before_there_were_bounds_get_them(place: Place) -> None:
    account = onboard(place.management, place.edge, "partner", named(place, "early"))
    place.management.delete("user-limits", account.username, "max-connections")
    assert provision(place.management, place.wanted) == [f"max-connections of account {account.username}"]


def test_accounts_from_before_get_the_rights_of_today(place: Place) -> None:
    account = onboard(place.management, place.edge, "source", named(place, "lax"))
    lax = {"exchange": "reports", "write": f"^{account.id}$", "read": "^$"}
    place.management.put("topic-permissions", place.edge.vhost, account.username, body=lax)
    assert provision(place.management, place.wanted) == [
        f"routing keys of {account.username} on {place.edge.vhost}/reports"
    ]
    connection = place.outsider(account)
    assert is_refused(connection, "reports", f"{account.id}\n")
    connection.close()


def test_an_event_for_a_partner_that_nobody_onboarded_comes_back(place: Place) -> None:
    connection = place.service(place.mine, place.edge.vhost)
    with pytest.raises(UnroutableError):
        publish(connection, "partners", f"nobody.routine.{place.mine}.offered.v1")
    connection.close()


@pytest.mark.parametrize("name", ["", "a", "Upper", "a.b", "a*", "a|b", "é" * 3, "x" * 42, "9lives", "abc\n"])
def test_an_id_that_could_mean_another_is_refused(place: Place, name: str) -> None:
    with pytest.raises(InvalidInput):
        onboard(place.management, place.edge, "partner", name)


def test_a_wrong_administrator_and_a_silent_broker_are_said_in_a_sentence(place: Place) -> None:
    url = addresses().management.rpartition("@")[2]
    with pytest.raises(Misconfigured, match="refuses"):
        Management(f"http://{url}", "nobody", "nothing").get("vhosts")
    with pytest.raises(Unavailable, match="does not answer"):
        Management("http://127.0.0.1:1", "nobody", "nothing").get("vhosts")
