"""The demo's account on a console that is busy: what is answered with 503 is asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ngao.chassis.errors import Unavailable
from ngao.cli import demo
from ngao.cli.api_client import Operator
from ngao.local.demo import staff

KEY = "ngao_demo_" + "s" * 43
PAGE = b'<input name="csrf_token" value="token"><code>ABCDEFGHIJKLMNOPQRSTUVWXYZ234567</code>'


class Busy(ThreadingHTTPServer):
    """Answers as the console does, but the first `refusals` requests to set the account up with 503."""

    def __init__(self, refusals: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals, self.accounts, self.invited = refusals, [], 0


class _Handler(BaseHTTPRequestHandler):
    server: Busy

    def do_GET(self) -> None:
        self._answer(200, PAGE if self.path == "/welcome" else json.dumps({"accounts": self.server.accounts}).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/welcome":
            self.server.invited += 1
            self.server.accounts = [{"id": staff.NAME, "state": "invited"}]
            self._answer(200, b'{"code": "invitation"}')
        elif self.server.refusals:
            self.server.refusals -= 1
            self._answer(503, b"busy")
        else:
            self._answer(200, PAGE)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def busy(request: pytest.FixtureRequest) -> Iterator[Busy]:
    with Busy(request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _console(server: Busy) -> Operator:
    return Operator("console", f"http://127.0.0.1:{server.server_port}", KEY)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_PAUSES_S", (0, 0, 0))


@pytest.mark.parametrize("busy", [2], indirect=True)
def test_a_busy_console_is_asked_again(busy: Busy, tmp_path: Path) -> None:
    account = demo._account(_console(busy), tmp_path)
    assert staff.read_account(tmp_path) == account
    assert busy.invited == 3, "each try has an invitation of its own: the one before may have been used"


@pytest.mark.parametrize("busy", [9], indirect=True)
def test_a_console_that_stays_busy_ends_the_demo_with_a_sentence(busy: Busy, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="it answered 503"):
        demo._account(_console(busy), tmp_path)
    assert not staff.file_of(tmp_path).exists()
