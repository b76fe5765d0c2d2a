"""A container's health check: what it says of a service that is ready, one that is not, and one that is not there."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ngao.deployment.authority import Authority
from ngao.healthy import ask, main
from ngao.local.ports import free_port

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).resolve().parents[2]
WAITING = {"ready": False, "checks": {"store": "ok", "relay": "The broker does not answer."}}


@contextmanager
def answering(status: int, body: Any, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that gives every request the same answer; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status if self.path == "/readyz" else 404)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def settings(folder: Path, port: int, *, tls: bool = False) -> Path:
    path = folder / "service.toml"
    encrypted = f'cert_file = "{folder}/cert.pem"' if tls else ""
    path.write_text(f'service = "intake"\n[http]\nport = {port}\n{encrypted}\n[broker]\nca_file = "{folder}/ca.pem"\n')
    return path


def certificate(folder: Path, *hosts: str) -> ssl.SSLContext:
    authority = Authority.new()
    issued = authority.server("intake", hosts)
    (folder / "ca.pem").write_text(authority.certificate_pem)
    (folder / "cert.pem").write_text(issued.certificate)
    (folder / "key.pem").write_text(issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_ready_service_is_healthy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, {"ready": True, "checks": {}}) as port:
        assert main([str(settings(tmp_path, port))]) == 0
    assert capsys.readouterr().out == "ready\n"


def test_one_that_is_not_ready_is_told_with_what_is_missing(tmp_path: Path) -> None:
    with answering(503, WAITING) as port:
        assert ask(settings(tmp_path, port)) == (False, "relay: The broker does not answer.")


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"checks": 1}'])
def test_an_answer_that_says_nothing_is_told_by_its_status(tmp_path: Path, body: bytes) -> None:
    with answering(500, body) as port:
        assert ask(settings(tmp_path, port)) == (False, "The service answers with status 500.")


def test_a_service_that_is_not_there_is_not_healthy(tmp_path: Path) -> None:
    assert ask(settings(tmp_path, free_port())) == (False, "The service does not answer (ConnectionRefusedError).")


@pytest.mark.parametrize("text", ["", "[http]\n", "http = 1\n", "[http]\nport = 'x'\n", "not TOML"])
def test_settings_that_cannot_be_used_are_told_and_nothing_is_asked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "service.toml"
    path.write_text(text)
    healthy, says = ask(path)
    assert not healthy
    assert says.startswith(f"The settings file {path} cannot be used (")


def test_with_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    with answering(200, {}, certificate(tmp_path, "intake", "127.0.0.1")) as port:
        assert ask(settings(tmp_path, port, tls=True)) == (True, "ready")


def test_a_certificate_of_somebody_else_is_no_good_health(tmp_path: Path) -> None:
    with answering(200, {}, certificate(tmp_path, "another")) as port:
        assert ask(settings(tmp_path, port, tls=True)) == (False, "The service does not answer (SSLCertVerificationError).")


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    command = [sys.executable, "-S", "-m", "ngao.healthy", str(missing)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (1, f"The settings file {missing} cannot be used (FileNotFoundError).\n")
