"""A deployment that speaks TLS everywhere: real broker, real store, real services, with the committed configuration."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pika
import pymongo
import pytest
from pika.exceptions import AMQPConnectionError
from pymongo.errors import ServerSelectionTimeoutError

from ngao.chassis.messaging.broker import connect
from ngao.chassis.settings import BrokerSettings
from ngao.client import SourceClient
from ngao.deployment.authority import Authority, Issued
from ngao.deployment.init_secrets import load_authority
from ngao.testing.waiting import eventually
from tests.support.deployment import Deployment, opened
from tests.support.intake import anonymous
from tests.support.outsiders import within

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with opened(Path(tmp_path_factory.mktemp("deployment"))) as made:
        yield made


@pytest.fixture(scope="module")
def account(deployment: Deployment) -> Path:
    """A source's account as the operator's command makes it."""
    deployment.command("source", "add", "night-line")
    return deployment.home.root / "accounts" / "source-night-line" / "account.json"


def cases(deployment: Deployment) -> set[str]:
    """What has arrived at the registry."""
    with deployment.database("registry") as database:
        return {each["_id"] for each in database.cases.find({}, {"_id": 1})}


def logs_in(parameters: Any) -> bool:
    with pika.BlockingConnection(parameters) as connection:
        return bool(connection.is_open)


def test_a_report_over_https_arrives_at_the_registry(deployment: Deployment, account: Path) -> None:
    receipt = SourceClient.from_file(account).post(anonymous())
    eventually(lambda: receipt["case_ref"] in cases(deployment), what="the case at the registry")


def test_a_report_over_amqps_is_answered(deployment: Deployment, account: Path) -> None:
    client = SourceClient.from_file(account)
    report, heard = anonymous(), []
    client.publish(report)
    client.results(heard.append, within(20, lambda: bool(heard)))
    client.close()
    assert [each.data["source_event_id"] for each in heard] == [report["source_event_id"]]


def test_the_account_of_a_source_trusts_our_authority_alone(deployment: Deployment, account: Path) -> None:
    told = json.loads(account.read_text())
    assert (told["ca_file"], told["cert_file"], told["key_file"]) == ("ca.pem", "cert.pem", "key.pem")
    assert told["http"]["ca_file"] == "ca.pem"
    assert (account.parent / "ca.pem").read_text() == deployment.ca_file.read_text()


def test_whoever_shows_our_certificate_may_try_to_log_in(deployment: Deployment) -> None:
    assert logs_in(deployment.parameters(load_authority(deployment.secrets).client("nobody")))


def test_a_client_without_a_certificate_is_refused_by_the_broker_though_it_has_the_password(deployment: Deployment) -> None:
    with pytest.raises((AMQPConnectionError, OSError)):
        logs_in(deployment.parameters(None))


def test_a_client_with_another_authoritys_certificate_is_refused_by_the_broker(deployment: Deployment) -> None:
    with pytest.raises((AMQPConnectionError, OSError)):
        logs_in(deployment.parameters(Authority.new().client("nobody")))


def test_an_outsiders_certificate_cannot_pass_for_the_broker(deployment: Deployment) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(load_authority(deployment.secrets).client("localhost"), deployment)


def test_a_service_does_not_talk_to_a_broker_of_another_name(deployment: Deployment) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
        handshake(load_authority(deployment.secrets).server("broker", ("other.example.org",)), deployment)


def handshake(pair: Issued, deployment: Deployment) -> None:
    """Connect as a service does, to somebody who shows this certificate; the driver tries twice."""
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    file = deployment.folder / "impostor.pem"
    file.write_text(pair.certificate + pair.key)
    own.load_cert_chain(file)

    def impostor(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                taken, _ = listening.accept()
                with suppress(OSError), own.wrap_socket(taken, server_side=True) as tls:
                    tls.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=impostor, args=(listening,))
        thread.start()
        try:
            connect(settings(deployment, listening.getsockname()[1], deployment.ca_file), edge=False, name="test")
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def settings(deployment: Deployment, port: int, ca_file: Path) -> BrokerSettings:
    """Intake's."""
    password, tls = deployment.secrets.read("intake", "broker.password"), deployment.secrets.at("intake", "tls")
    pair = {"cert_file": tls / "cert.pem", "key_file": tls / "key.pem"}
    return BrokerSettings("localhost", port, "svc-intake", password, "ngao", "ngao.edge", 20, ca_file, **pair)


@pytest.mark.parametrize("sent", [b"AMQP\x00\x00\x09\x01", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("part", ["amqp", "management", "intake"])
def test_in_clear_nobody_gets_an_answer(deployment: Deployment, part: str, sent: bytes) -> None:
    with socket.create_connection(("localhost", deployment.ports[part]), 20) as sock, suppress(ConnectionError):
        sock.sendall(sent)
        answer = sock.recv(4096)
        assert b"HTTP" not in answer
        assert b"AMQP" not in answer
    assert deployment.services["intake"].is_ready()


def test_a_store_takes_no_connection_in_clear(deployment: Deployment) -> None:
    client: Any = pymongo.MongoClient(deployment.store_host, directConnection=True, serverSelectionTimeoutMS=1500)
    with client, pytest.raises(ServerSelectionTimeoutError):
        client.admin.command("hello")


def test_there_is_no_default_account(deployment: Deployment) -> None:
    management = deployment.broker.management()
    names = {each["name"] for each in management.get("users")}
    management.close()
    assert "guest" not in names
    assert "ngao-admin" in names


def test_the_management_interface_is_for_those_who_trust_us(deployment: Deployment) -> None:
    connection = http.client.HTTPSConnection("localhost", deployment.ports["management"], timeout=10)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")


@pytest.mark.parametrize(
    ("known", "changed", "says"),
    [
        ("/tls/key.pem", "/tls/none.pem", r"none\.pem cannot be read \(No such file"),
        ("{ca}", "{cert}", r"do not agree on TLS \(CERTIFICATE_VERIFY_FAILED\)"),
        ("{ca}", "{text}", "does not hold certificates in PEM"),
        ("/intake/tls/key.pem", "/registry/tls/key.pem", "does not belong to the certificate"),
    ],
    ids=["no key", "wrong authority", "no authority", "another's key"],
)
def test_a_service_that_cannot_speak_tls_does_not_start_and_says_why(
    deployment: Deployment, known: str, changed: str, says: str
) -> None:
    names = {
        "ca": str(deployment.ca_file),
        "cert": str(deployment.secrets.at("broker", "tls", "cert.pem")),
        "text": str(deployment.folder / ".env"),
    }
    process = deployment.service("intake", second=True, **{known.format(**names): changed.format(**names)})
    process.start(ready=False)
    assert process.wait(30) == 78
    (line,) = [line for line in process.log.read_text().splitlines() if line.startswith("Cannot start")]
    assert re.search(says, line)
    assert "Traceback" not in process.log.read_text()


def test_a_service_that_trusts_another_authority_does_not_talk_to_the_broker(deployment: Deployment, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(Authority.new().certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(settings(deployment, deployment.ports["amqp"], other), edge=False, name="test")
