"""A service that speaks TLS: whoever speaks otherwise, slowly or not at all gets nothing and disturbs nobody."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.tls import server_identity
from ngao.deployment.authority import Authority, Issued
from ngao.testing.waiting import eventually
from tests.support.tiny_service import KEYS, Service


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.certificate_pem)


def write(pair: Issued, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text, mode in (("key.pem", pair.key, 0o600), ("cert.pem", pair.certificate, 0o644)):
        draft = folder / f".{name}"
        draft.write_text(text)
        draft.chmod(mode)
        draft.replace(folder / name)
    return folder


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new()


@pytest.fixture(scope="module")
def folder(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(authority.server("tiny", ("localhost",)), tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture(scope="module")
def service(authority: Authority, folder: Path) -> Iterator[Service]:
    started = Service(trusted=trusting(authority), TLS=str(folder), PAGES="15")
    yield started
    assert started.process.poll() is None, "".join(started.printed[-20:])
    assert started.stop() == 0


def is_served(service: Service) -> bool:
    return service.ask("GET", "/healthz", key=None).status == 200


def test_a_web_page_knows_that_it_is_shown_over_tls(service: Service) -> None:
    assert service.ask("GET", "/page/one", key=None).json["wsgi.url_scheme"] == "https"


def presented(service: Service) -> int:
    """The serial number of the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("localhost", service.port), 10) as sock, context.wrap_socket(sock) as tls:
        return hash(tls.getpeercert(binary_form=True))


def test_a_request_over_tls_is_answered(service: Service) -> None:
    reply = service.post(b'{"name":"x","age":3}')
    assert (reply.status, reply.json["by"]) == (202, "forms")


def test_one_connection_carries_many_requests(service: Service) -> None:
    connection = service.connect()
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()


def test_a_body_over_the_limit_gets_its_413_over_tls_too(service: Service) -> None:
    assert service.post(b"x" * 400_000).slug == "too-large"


def test_plain_http_to_the_tls_port_gets_no_answer_and_disturbs_nobody(service: Service) -> None:
    with suppress(ConnectionError):
        assert b"HTTP/" not in service.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert is_served(service)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"\x00" * 100, b"\x16\x03\x01\x40\x00" + b"\x01" * 64])
def test_a_client_that_stops_in_the_handshake_keeps_nobody_waiting(service: Service, sent: bytes) -> None:
    mute = [socket.create_connection(("localhost", service.port), 10) for _ in range(40)]
    for sock in mute:
        sock.sendall(sent)
    began = time.monotonic()
    assert is_served(service)
    assert time.monotonic() - began < 5
    for sock in mute:
        sock.close()


def test_a_client_that_is_mute_is_hung_up_on_within_the_time(service: Service) -> None:
    with socket.create_connection(("localhost", service.port), 30) as sock:
        sock.sendall(b"\x16\x03\x01")
        with suppress(ConnectionError):
            assert sock.recv(100) == b""


def test_clients_that_leave_at_once_do_not_end_the_service(service: Service) -> None:
    for _ in range(50):
        sock = socket.create_connection(("localhost", service.port), 10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # a reset, not a goodbye
        sock.close()
    assert is_served(service)


def test_nothing_older_than_tls_1_2_is_spoken(service: Service) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("localhost", service.port), 10) as sock, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(sock)


def test_a_client_that_trusts_another_authority_does_not_talk_to_it(service: Service) -> None:
    other = http.client.HTTPSConnection("localhost", service.port, timeout=10, context=trusting(Authority.new()))
    with pytest.raises(ssl.SSLCertVerificationError):
        other.request("GET", "/healthz", headers={"Authorization": f"Bearer {KEYS['forms']}"})


def test_a_certificate_issued_anew_is_used_without_a_restart(service: Service, authority: Authority, folder: Path) -> None:
    before = presented(service)
    write(authority.server("tiny", ("localhost",)), folder)
    eventually(lambda: presented(service) != before, within=5, what="the new certificate")
    assert is_served(service)


def test_a_new_certificate_that_is_none_leaves_the_one_before(service: Service, authority: Authority, folder: Path) -> None:
    (folder / "cert.pem").write_text("no certificate\n")
    assert is_served(service)
    write(authority.server("tiny", ("localhost",)), folder)
    assert is_served(service)


def test_it_drains_while_a_handshake_is_open(authority: Authority, tmp_path: Path) -> None:
    own = write(authority.server("tiny", ("localhost",)), tmp_path / "own")
    started = Service(trusted=trusting(authority), TLS=str(own))
    with socket.create_connection(("localhost", started.port), 10):
        assert is_served(started)
        began = time.monotonic()
        assert started.stop() == 0
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda own: (own / "key.pem").unlink(), "key.pem cannot be read"),
        (lambda own: (own / "cert.pem").unlink(), "cert.pem cannot be read"),
        (lambda own: (own / "key.pem").chmod(0o644), "open to other users"),
        (lambda own: (own / "cert.pem").write_text("none"), "is not PEM"),
        (lambda own: (own / "key.pem").write_text("none"), "is not PEM"),
        (lambda own: (own / "key.pem").write_text(Authority.new().key_pem), "does not belong to the certificate"),
    ],
    ids=["no key", "no certificate", "open key", "certificate is none", "key is none", "another's key"],
)
def test_a_certificate_or_key_that_does_not_serve_is_one_sentence(
    authority: Authority, tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    own = write(authority.server("tiny", ("localhost",)), tmp_path / "own")
    spoil(own)
    with pytest.raises(Misconfigured, match=says):
        server_identity(own / "cert.pem", own / "key.pem")
