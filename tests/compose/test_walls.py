"""What keeps people apart and secrets in, tried as somebody with an account or a place on a network would try it."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from ngao.broker.layout import edge
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import DEFAULT_TIERS_S
from ngao.client import account as accounts
from ngao.contracts.schemas.report import Report
from ngao.deployment.authority import Authority
from ngao.deployment.naming import SERVICES, VHOST
from ngao.testing.waiting import eventually
from tests.compose.engine import layers
from tests.compose.engine.capture import Capture, need_tcpdump
from tests.compose.engine.deployment import LASTING, service_of
from tests.compose.engine.docker import Tell, call, docker, inspect
from tests.compose.engine.secrets import values
from tests.compose.engine.site import Outsider, Site
from tests.compose.engine.tally import Tally
from tests.support.coalition import report
from tests.support.markers import Token, plant

pytestmark = [pytest.mark.compose, pytest.mark.timeout(300)]

PORTS = (4369, 5671, 5672, 8080, 8081, 8082, 8443, 8444, 8445, 9441, 9442, 9443, 9444, 9445, 15671, 15672, 15691, 25672, 27017)
# Run in a container: tells which of the addresses given take a connection.
KNOCK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(target):
    try:
        socket.create_connection(tuple(target), 2).close()
    except OSError:
        return False
    return True
targets = json.load(sys.stdin)
with ThreadPoolExecutor(64) as pool:
    print(json.dumps([each for each, opened in zip(targets, pool.map(opens, targets)) if opened]))
"""


# ---- secrets


def test_no_secret_stands_in_what_the_engine_tells_of_containers_and_images(site: Site) -> None:
    hidden = values(site.deployment.secrets)
    assert len(hidden) > 40
    containers = site.deployment.containers()
    images = sorted({each["Image"] for each in containers})
    told = json.dumps([containers, inspect(*images)]).encode()
    told += "".join(docker("history", "--no-trunc", each) for each in images).encode()
    assert [hidden[each] for each in hidden if each in told] == []
    assert site.deployment.project.encode() in told  # a search that can find


def test_no_secret_stands_in_any_layer_of_the_services_image(site: Site, folder: Path) -> None:
    hidden = values(site.deployment.secrets)
    control = b"GNU AFFERO GENERAL PUBLIC LICENSE"
    found = layers.search(site.deployment.image, [*hidden, control], folder)
    assert [hidden[each] for each in found - {control}] == []
    assert control in found


def test_no_secret_is_said_in_a_log(site: Site) -> None:
    hidden = values(site.deployment.secrets)
    said = {service: site.deployment.log(service).encode() for service in (*LASTING, "check", "provision")}
    found = {(service, hidden[each]) for service, log in said.items() for each in hidden if each in log}
    # A broker calls its queues by their names; its log is the host's administrator's, who can list them.
    assert {each for each in found if not (each[0] == "broker" and "edge-names" in each[1])} == set()
    assert b'"service":"intake"' in said["intake"]  # a search that can find


# ---- containers


@pytest.mark.parametrize("service", LASTING)
def test_a_container_has_no_rights_and_cannot_write_its_root(site: Site, service: str) -> None:
    container = site.deployment.one(service)
    asked, pid = container["HostConfig"], container["State"]["Pid"]
    assert asked["ReadonlyRootfs"]
    assert not asked["Privileged"]
    assert asked["CapDrop"] == ["ALL"]
    assert not any("docker.sock" in each for each in asked["Binds"] or ())
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert "0" not in status["Uid"].split(), "it runs as root"
    assert {status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert status["NoNewPrivs"] == "1"
    mounts = (line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines())
    (root,) = [fields[5] for fields in mounts if fields[4] == "/"]
    assert "ro" in root.split(",")


# ---- networks


def test_from_the_network_of_outsiders_only_the_edge_gate_answers(site: Site) -> None:
    """By address, whatever network it is of; by name, where the engine gives one; and this host itself."""
    open_networks = inspect(*(site.deployment.network(name) for name in ("edge", "desk")))
    gateways = {each["Gateway"] for network in open_networks for each in network["IPAM"]["Config"]}
    hosts = {
        address["IPAddress"]: service_of(container)
        for container in site.deployment.containers() for address in container["NetworkSettings"]["Networks"].values()
        if address["IPAddress"]
    }  # fmt: skip
    published = [site.deployment.port(name) for name in _PUBLISHED]
    targets = [(host, port) for host in (*hosts, *LASTING) for port in PORTS]
    targets += [(gateway, port) for gateway in gateways for port in published]
    opened = {(hosts.get(host, host), port) for host, port in knock_from("edge", site, targets)}
    outside = {site.deployment.port(name) for name in _OUTSIDE}
    gate = {("edge", port) for port in (5671, 8443, 8444, 8445)}
    assert {(host, port) for host, port in opened if host not in gateways} == gate
    assert {port for host, port in opened if host in gateways} == outside


@pytest.mark.parametrize("service", SERVICES)
def test_from_a_stores_network_no_other_store_answers(site: Site, service: str) -> None:
    stores = {f"{name}-store": site.deployment.address(f"{name}-store", f"store-{name}") for name in SERVICES}
    targets = [(host, 27017) for host in (*stores.values(), *stores)]
    opened = {tuple(each) for each in knock_from(f"store-{service}", site, targets)}
    own = f"{service}-store"
    assert opened == {(own, 27017), (stores[own], 27017)}


def test_from_notifys_way_out_only_the_mail_gate_answers(site: Site) -> None:
    """Neither the mail server itself, nor the world, nor anybody of ours; of this host no more than anybody reaches."""
    letters, outside = (inspect(site.deployment.network(name))[0] for name in ("letters", "outside"))
    assert letters["Internal"]
    gateways = {each["Gateway"] for network in (letters, outside) for each in network["IPAM"]["Config"] if "Gateway" in each}
    hosts = {
        address["IPAddress"]: service_of(container)
        for container in site.deployment.containers() for address in container["NetworkSettings"]["Networks"].values()
        if address["IPAddress"]
    }  # fmt: skip
    published = [site.deployment.port(name) for name in _PUBLISHED]
    targets = [(host, port) for host in (*hosts, *LASTING, "mail") for port in (*PORTS, 25, 587, 2525)]
    targets += [(gateway, port) for gateway in gateways for port in published] + [(address, 443) for address in _THE_WORLD]
    opened = {(hosts.get(host, host), port) for host, port in knock_from("letters", site, targets)}
    own = {("notify", port) for port in (8080, 8081, 8082)}
    assert {each for each in opened if each[0] not in gateways} == {("mail-gate", 2525), *own}
    assert {port for host, port in opened if host in gateways} <= {site.deployment.port(name) for name in _OUTSIDE}


def knock_from(network: str, site: Site, targets: list[Any]) -> list[Any]:
    """Which of the addresses a stranger on a network of ours can connect to."""
    done = call("docker", "run", "--rm", "-i", "--network", site.deployment.network(network), "--entrypoint", "python",
                site.deployment.image, "-c", KNOCK, input=json.dumps(targets))  # fmt: skip
    return list(json.loads(done.stdout))


_THE_WORLD = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
_OUTSIDE = ("EDGE_AMQP", "EDGE_HTTP", "EDGE_PARTNERS", "EDGE_CONSOLE")
_PUBLISHED = (*_OUTSIDE, "DESK_INTAKE", "DESK_REFERRAL", "DESK_NOTIFY", "DESK_REGISTRY", "DESK_CONSOLE", "DESK_MANAGEMENT")


def test_from_another_machine_only_the_edge_gate_answers(site: Site) -> None:
    """Asked at the address by which this host is known to others; the engine publishes the rest on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address we would go out with
        address = probe.getsockname()[0]
    opened = {name for name in _PUBLISHED if _opens(address, site.deployment.port(name))}
    assert opened == set(_OUTSIDE)


def _opens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 3).close()
    except OSError:
        return False
    return True


# ---- accounts


def test_without_a_certificate_of_ours_the_broker_says_nothing(site: Site) -> None:
    stranger = Authority.new().client("partner-p1")
    assert greeting(site, _pair(site)) == b"\x01\x00\x00\x00\x00"  # Connection.Start on channel 0
    for pair in (None, _written(site, stranger)):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            greeting(site, pair)


def greeting(site: Site, pair: tuple[Path, Path] | None) -> bytes:
    """The first bytes that the broker answers to an AMQP header, through the edge gate."""
    tls = ssl.create_default_context(cafile=str(site.ca_file))
    if pair:
        tls.load_cert_chain(*map(str, pair))
    line = socket.create_connection(("localhost", site.deployment.port("EDGE_AMQP")), 10)
    with line, tls.wrap_socket(line, server_hostname="localhost") as secured:
        secured.sendall(b"AMQP\x00\x00\x09\x01")
        said = secured.recv(5)
    if not said:
        raise ConnectionError("closed without a word")
    return said


def _pair(site: Site) -> tuple[Path, Path]:
    folder = site.partners[0].account.parent
    return folder / "cert.pem", folder / "key.pem"


def _written(site: Site, issued: Any) -> tuple[Path, Path]:
    files = site.folder / "stranger.pem", site.folder / "stranger.key"
    files[0].write_text(issued.certificate)
    files[1].write_text(issued.key)
    return files


def test_without_a_key_intake_takes_nothing(site: Site) -> None:
    assert site.intake.request("POST", "/v1/reports", report(site.counties[0]))[0] == 401


def test_what_operators_do_is_not_behind_the_outsiders_gate(site: Site) -> None:
    """With the operator's own key."""
    key = site.stage.world.operator_key
    for desk, path in ((site.intake, "/v1/sources"), (site.outer_referral, "/v1/partners")):
        for each in (path, "/v1/parked", "/healthz", "/readyz", "/metrics", "/openapi.json"):
            assert desk.request("GET", each, key=key)[0] == 404, each


def test_a_partner_reads_what_it_missed_through_the_outsiders_gate(site: Site) -> None:
    partner = site.partners[0]
    assert json.loads(partner.account.read_text())["http"]["url"].endswith(f":{site.deployment.port('EDGE_PARTNERS')}")
    assert site.outer_referral.request("GET", "/v1/partners/me", key=site.key_of(partner))[1]["id"] == partner.id
    assert site.outer_referral.request("GET", "/v1/partners/me/events", key=site.key_of(partner))[0] == 200
    assert site.outer_referral.request("GET", "/v1/partners/me")[0] == 401


def test_a_partners_account_opens_no_other_virtual_host(site: Site) -> None:
    for vhost in (VHOST, "/"):
        with pytest.raises(AMQPConnectionError):
            pika.BlockingConnection(_parameters(site.partners[0], virtual_host=vhost))


def test_a_wrong_password_or_anothers_name_opens_nothing(site: Site) -> None:
    first, second = site.partners[:2]
    theirs = accounts.load(second.account, "partner").broker.credentials
    for name, password in ((theirs.username, "wrong"), ("guest", "guest"), ("ngao-admin", ""), ("svc-intake", "")):
        with pytest.raises(AMQPConnectionError):
            pika.BlockingConnection(_parameters(first, credentials=pika.PlainCredentials(name, password)))


TRIED: dict[str, Callable[[Any, str, str], Any]] = {
    "another's queue is read": lambda channel, queue, _: channel.basic_get(queue),
    "another's queue is consumed": lambda channel, queue, _: channel.basic_consume(queue, lambda *_: None),
    "another's queue is emptied": lambda channel, queue, _: channel.queue_purge(queue),
    "another's queue is deleted": lambda channel, queue, _: channel.queue_delete(queue),
    "a queue is made": lambda channel, *_: channel.queue_declare("partner.p1.own", durable=True),
    "another's queue is bound": lambda channel, queue, _: channel.queue_bind(queue, "partners", "#"),
    "an offer is made up": lambda channel, *_: _publish(channel, "partners", "p2.urgent.referral.offered.v1"),
    "a report is made up": lambda channel, *_: _publish(channel, "reports", "forms"),
    "another's answer is given": lambda channel, _, other: _publish(channel, "partner-replies", f"{other}.accept"),
    "the intake's queue is read": lambda channel, *_: channel.basic_get("intake.reports"),
    "all replies are read": lambda channel, *_: channel.basic_get("referral.partner-replies"),
}


@pytest.mark.parametrize("what", TRIED)
def test_a_partner_is_refused_when(site: Site, what: str) -> None:
    first, second = site.partners[:2]
    queue = json.loads(second.account.read_text())["queues"]["routine"]
    with pika.BlockingConnection(_parameters(first)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker) as refused:
            TRIED[what](channel, queue, second.id)
        assert refused.value.reply_code == 403


def test_a_partner_cannot_ask_about_the_platforms_own_queues(site: Site) -> None:
    names = EdgeNames((site.deployment.secrets / "provision" / "edge-names").read_text().strip())
    with pika.BlockingConnection(_parameters(site.partners[0])) as connection:
        for queue in (each.name for each in edge(DEFAULT_TIERS_S).queues):
            with pytest.raises(ChannelClosedByBroker, match="404"):
                connection.channel().queue_declare(queue, passive=True)
        # Only the name protects it: that is what is secret.
        assert connection.channel().queue_declare(names.on_broker("intake.reports"), passive=True).method.message_count >= 0


def _publish(channel: Any, exchange: str, routing_key: str) -> None:
    channel.basic_publish(exchange, routing_key, b"{}", pika.BasicProperties(delivery_mode=2), mandatory=True)


def _parameters(partner: Outsider, **changed: Any) -> pika.ConnectionParameters:
    parameters = accounts.load(partner.account, "partner").broker
    for name, value in changed.items():
        setattr(parameters, name, value)
    return parameters


# ---- the wire


def test_nothing_of_a_report_is_seen_on_the_wire(site: Site, folder: Path, tell: Tell, tally: Tally) -> None:
    """Marked reports over HTTPS, over AMQPS sealed and not; and, to show that one would see them, one over plain HTTP."""
    need_tcpdump(tell)
    token, control = Token(), Token()
    source = site.source(f"marked-{secrets.token_hex(2)}")
    open_source = _without_seal(source)
    networks = {name for each in site.deployment.containers() for name in each["NetworkSettings"]["Networks"]} - {"none"}
    subnets = [each["Subnet"] for network in inspect(*networks) for each in network["IPAM"]["Config"]]
    with Capture(folder / "wire.pcap", subnets) as capture:
        bodies = [plant(Report, token, report(site.counties[0])).document for _ in range(3)]
        status, receipt = site.posts(source, bodies[0])
        assert status == 202, receipt
        site.publishes(source, bodies[1])
        site.publishes(open_source, bodies[2])
        refs = [receipt["case_ref"], *(_case_of(site, body) for body in bodies[1:])]
        for ref in refs:
            site.hears("registry.contact.disclosed.v1", ref)
            site.hears("intake.narrative.disclosed.v1", ref)
        _post_in_clear(site, plant(Report, control, report(site.counties[0])).document)
    seen = {port: capture.packets(port) for port in (5671, 8443, 8080, 27017)}
    assert all(seen.values()), f"a hop was not captured: {seen}"
    assert capture.found(control.patterns()), "the control, which went in clear, was not found: this capture shows nothing"
    assert capture.found(token.patterns()) == set()
    assert capture.found([b"POST /v1/reports ", *(ref.encode() for ref in refs)]) == {b"POST /v1/reports "}  # the control's
    size = capture.file.stat().st_size / 1e6
    tally.lines["captured on the bridges"] = f"{size:.1f} MB with three marked reports, nothing of them in clear"


def _without_seal(source: Outsider) -> Outsider:
    """The same account, whose client does not seal: then TLS alone stands between a report and whoever listens."""
    content = json.loads(source.account.read_text())
    del content["seal_to"]
    file = source.account.with_name("unsealed.json")
    file.write_text(json.dumps(content))
    return Outsider(source.id, file)


def _case_of(site: Site, body: dict[str, Any]) -> str:
    found = site.database("intake").reports
    stored = eventually(lambda: found.find_one({"source_event_id": body["source_event_id"]}), within=60, what="the report")
    return str(stored["case_ref"])


def _post_in_clear(site: Site, body: dict[str, Any]) -> None:
    """Over plain HTTP to a throw-away server on the outsiders' network."""
    name = f"{site.deployment.project}-control"
    docker("run", "-d", "--rm", "--name", name, "--network", site.deployment.network("edge"), "--entrypoint", "python",
           site.deployment.image, "-m", "http.server", "8000")  # fmt: skip
    try:
        address = inspect(name)[0]["NetworkSettings"]["Networks"][site.deployment.network("edge")]["IPAddress"]
        eventually(lambda: _opens(address, 8000), what="the control's server")
        content = json.dumps(body).encode()
        with socket.create_connection((address, 8000), 10) as line:
            line.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
            assert line.recv(5) == b"HTTP/"
    finally:
        docker("rm", "-f", name)
