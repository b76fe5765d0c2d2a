"""A WSGI application for the paths that no operation matches: the chassis's limits hold for it as for everything else."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ngao.testing.processes import free_port
from ngao.testing.waiting import eventually
from tests.support.tiny_service import Reply, Service

MARKER = "Wanjiku-Marker-4711"
LIMIT = 64 * 1024
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    started = Service(PAGES="1.5")
    yield started
    assert started.process.poll() is None, "".join(started.printed[-20:])
    assert started.stop() == 0


def page(service: Service, path: str = "/page/one", method: str = "GET", body: Any = None, **headers: str) -> Reply:
    return service.ask(method, path, body, key=None, **headers)


def test_a_path_that_no_operation_matches_is_a_page_and_every_other_is_not(service: Service) -> None:
    assert page(service).json["name"] == "one"
    assert service.ask("GET", "/v1/visits/1").json["id"] == "1"
    assert page(service, "/healthz").json == {"status": "ok"}


def test_a_known_path_with_another_method_stays_a_problem(service: Service) -> None:
    reply = page(service, "/v1/visits", "DELETE")
    assert (reply.status, reply.slug, reply.headers["allow"]) == (405, "method-not-allowed", "POST")


def test_a_page_gets_a_whole_body_the_callers_address_and_the_trace(service: Service) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = page(service, method="POST", body=b"a=1&b=2", Content_Type=FORM, traceparent=parent)
    seen = reply.json
    assert (seen["REQUEST_METHOD"], seen["bytes"]) == ("POST", 7)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert reply.headers["traceparent"] == seen["ngao.trace"]
    assert seen["ngao.trace"].split("-")[1] == parent.split("-")[1]


def test_its_headers_and_cookies_are_sent_beside_those_of_the_chassis(service: Service) -> None:
    connection = service.connect()
    connection.request("GET", "/page/one")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert answer.headers.get_all("Content-Type") == ["text/html; charset=utf-8"]
    found = {name: answer.headers.get_all(name) for name in ("X-Frame-Options", "Cache-Control", "X-Content-Type-Options")}
    assert "Ngao-Route" not in answer.headers
    assert found == {"X-Frame-Options": ["DENY"], "Cache-Control": ["no-store"], "X-Content-Type-Options": ["nosniff"]}


def test_a_head_request_has_the_head_of_the_page_and_no_body(service: Service) -> None:
    reply = page(service, "/page/one", "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert json.loads(page(service).body)["REQUEST_METHOD"] == "GET"
    assert int(reply.headers["content-length"]) > 50


def test_a_body_over_the_limit_reaches_no_page(service: Service) -> None:
    whole = page(service, method="POST", body=b"x" * LIMIT, Content_Type=FORM)
    assert whole.json["bytes"] == LIMIT
    assert page(service, method="POST", body=b"x" * (LIMIT + 1), Content_Type=FORM).slug == "too-large"
    chunks = b"%x\r\n%b\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1))
    head = b"POST /page/one HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 413 " in service.raw(head + chunks + b"0\r\n\r\n").partition(b"\r\n")[0]


def test_a_body_that_ends_early_reaches_no_page(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as sock:
        sock.sendall(b"POST /page/one HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nshort")
        sock.shutdown(socket.SHUT_WR)
        assert b"incomplete-body" in sock.recv(65536)


def test_a_page_that_breaks_is_a_problem_without_its_text(service: Service) -> None:
    reply = page(service, f"/page/broken?who={MARKER}")
    assert (reply.status, reply.slug) == (500, "internal-error")
    assert MARKER.encode() not in reply.body


def test_a_page_that_takes_too_long_is_ended_and_others_are_shown_meanwhile(service: Service) -> None:
    found: list[Reply] = []
    waiting = threading.Thread(target=lambda: found.append(page(service, "/page/forever")))
    began = time.monotonic()
    waiting.start()
    assert page(service).status == 200
    assert time.monotonic() - began < 1
    waiting.join(20)
    assert (found[0].status, found[0].slug, found[0].headers["retry-after"]) == (503, "overloaded", "1")


def test_callers_of_pages_are_held_to_their_rate(service: Service) -> None:
    """By their address: two together, then 500 a second here; what is far above that is refused."""
    line = service.connect()
    began, statuses = time.monotonic(), []
    for _ in range(60):
        line.request("GET", "/page/one")
        answer = line.getresponse()
        answer.read()
        statuses.append(answer.status)
    line.close()
    assert set(statuses) == {200}
    assert time.monotonic() - began > 58 / 500


def test_log_and_numbers_have_the_route_and_nothing_of_the_address(service: Service) -> None:
    page(service, f"/page/{MARKER}?who={MARKER}", Cookie=f"who={MARKER}")
    page(service, f"/elsewhere/{MARKER}")
    page(service, f"/page/broken?who={MARKER}")

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in service.printed if '"http.request"' in line]

    wanted = {("GET", "/page/<name>", 200), ("<any>", "<unmatched>", 404), ("<any>", "<unmatched>", 500)}
    eventually(lambda: wanted <= {(each["method"], each["route"], each["status"]) for each in lines()}, what="the lines")
    numbers = page(service, "/metrics").body.decode()
    assert 'ngao_http_requests_total{method="GET",route="/page/<name>",status="200"}' in numbers
    assert MARKER not in numbers
    assert not [line for line in service.printed if MARKER in line]


def test_pages_are_at_the_public_port_only() -> None:
    inside, operators = free_port(), free_port()
    service = Service(PAGES="15", INSIDE=str(inside), OPERATORS=str(operators))
    try:
        assert page(service).status == 200
        for port in (inside, operators):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/page/one")
            assert Reply(connection.getresponse()).slug == "not-found"
            connection.close()
    finally:
        service.stop()


def test_on_stop_a_page_that_is_being_made_is_shown(tmp_path: Path) -> None:
    go = tmp_path / "go"
    service = Service(PAGES="15", LET_GO=str(go))
    found: list[Reply] = []
    waiting = threading.Thread(target=lambda: found.append(page(service, "/page/slow")))
    waiting.start()
    eventually(lambda: any("slow.entered" in line for line in service.printed), what="the page to begin")
    stopping = threading.Thread(target=service.stop)
    stopping.start()
    eventually(service.refuses, what="the door to close")
    go.touch()
    waiting.join(20)
    stopping.join(30)
    assert (found[0].status, found[0].json["name"]) == (200, "slow")
    assert service.process.wait(10) == 0
