"""Over TLS a service is believed only with a certificate of the platform's own authority, for its own name."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ngao.deployment.authority import Authority
from services.console.settings import OTHERS
from services.console.system.asking import Asker
from services.console.system.model import State

pytestmark = pytest.mark.loopback


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = json.dumps({"ready": True, "checks": {"store": "ok"}, "warnings": {}}).encode()
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        return


Serve = Callable[[Authority, str], int]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a service that is ready, with a certificate of an authority for a host; gives its port."""
    servers: list[HTTPServer] = []

    def start(authority: Authority, host: str) -> int:
        pair = authority.server(host, (host,))
        file = tmp_path / f"{len(servers)}.pem"
        file.write_text(pair.certificate + pair.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server = HTTPServer(("127.0.0.1", 0), _Ready)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_certificate_of_another_authority_or_for_another_host_is_no_answer(serve: Serve, tmp_path: Path) -> None:
    ours, theirs = Authority.new(), Authority.new()
    (tmp_path / "ca.pem").write_text(ours.certificate_pem)
    ports = {"intake": serve(ours, "localhost"), "referral": serve(theirs, "localhost"), "notify": serve(ours, "notify")}
    addresses = {name: f"https://localhost:{port}" for name, port in ports.items()}
    found = {name: each.state for name, each in Asker(addresses, tmp_path / "ca.pem").ask().items()}
    assert found == {
        "intake": State.READY, "referral": State.NO_ANSWER, "notify": State.NO_ANSWER, "registry": State.NO_ADDRESS,
    }  # fmt: skip
    assert tuple(found) == OTHERS
