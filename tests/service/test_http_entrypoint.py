"""A real service process on a real port: what callers, good and bad, get to see, and what stands in its log afterwards."""

from __future__ import annotations

import contextlib
import json
import queue
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngao.testing.processes import free_port
from ngao.testing.waiting import eventually
from tests.support.tiny_service import JSON, KEYS, Reply, Service

MARKER = "Wanjiku-Marker-4711"
LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    started = Service()
    yield started
    assert started.process.poll() is None, "".join(started.printed[-20:])
    assert started.stop() == 0


def test_a_good_request_is_answered_and_carries_its_trace_on(service: Service) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = service.post(b'{"name":"x","age":3}', traceparent=parent, Idempotency_Key="abc-1")
    assert (reply.status, reply.json["age"], reply.json["by"], reply.json["key"]) == (202, 3, "forms", "abc-1")
    assert reply.headers["traceparent"] == reply.json["trace"]
    assert reply.json["trace"].split("-")[1] == parent.split("-")[1]
    assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"age":1,"age":2}',
        b"[" * 200 + b"]" * 200,
        b'{"name":"\\ud800"}',
        b"1" * 5000,
        b'{"name":"' + MARKER.encode() + b'"',
    ],
)
def test_what_is_not_strict_json_is_400_and_not_quoted(service: Service, body: bytes) -> None:
    reply = service.post(body)
    assert (reply.status, reply.slug) == (400, "malformed-json")
    assert MARKER.encode() not in reply.body


def test_all_broken_fields_are_named_at_once_and_no_value_is(service: Service) -> None:
    reply = service.post(json.dumps({"name": MARKER * 5, "age": MARKER, "nationalId": MARKER}).encode())
    assert (reply.status, reply.slug) == (422, "invalid-input")
    found = {(each["pointer"], each["code"]) for each in reply.json["errors"]}
    assert found == {("/name", "length"), ("/age", "wrong_type"), ("/nationalId", "unknown_field")}
    assert MARKER.encode() not in reply.body


def test_missing_fields_and_a_body_that_is_no_object_are_named(service: Service) -> None:
    assert {each["code"] for each in service.post(b"{}").json["errors"]} == {"required"}
    assert service.post(b"[1]").status == 422


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/json; charset=latin-1", ""])
def test_a_body_in_another_type_is_415(service: Service, content_type: str) -> None:
    assert service.post(b"{}", content_type=content_type).slug == "unsupported-media-type"


def test_a_compressed_body_is_415(service: Service) -> None:
    assert service.post(b"{}", Content_Encoding="gzip").slug == "unsupported-media-type"


def test_a_declared_length_over_the_limit_is_413_before_anything_is_read(service: Service) -> None:
    head = f"POST /v1/visits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['forms']}\r\nContent-Type: {JSON}\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as sock:
        sock.sendall(f"{head}Content-Length: 99999999\r\n\r\n".encode())
        assert b" 413 " in sock.recv(4096).split(b"\r\n")[0]


def test_a_body_over_the_limit_gets_its_413_although_the_client_is_still_sending(service: Service) -> None:
    assert service.post(b"x" * (LIMIT * 4)).slug == "too-large"


def test_a_chunked_body_over_the_limit_is_413(service: Service) -> None:
    assert service.post(iter([b"x" * 8192] * 20)).slug == "too-large"  # type: ignore[arg-type]


def test_a_chunked_body_within_the_limit_is_read(service: Service) -> None:
    assert service.post(iter([b'{"name":"x",', b'"age":4}'])).status == 202  # type: ignore[arg-type]


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(service: Service) -> None:
    wrong = [None, "x", "closed", KEYS["forms"][:-1] + "t", f"ngao_source_nobody_{'s' * 43}"]
    replies = [service.ask("GET", "/v1/visits/1", key=key) for key in wrong]
    seen = {(each.status, each.body, each.headers.get("www-authenticate")) for each in replies}
    assert seen == {(401, replies[0].body, 'Bearer realm="ngao"')}, seen


def test_a_good_key_of_another_kind_is_403(service: Service) -> None:
    assert service.post(b"{}", key="clinic").slug == "forbidden"
    assert service.ask("GET", "/v1/visits/7?a=1", key="clinic").json == {"id": "7", "query": {"a": "1"}, "kind": "partner"}


def test_unknown_paths_and_methods_are_problems(service: Service) -> None:
    assert service.ask("GET", f"/nowhere/{MARKER}").slug == "not-found"
    wrong = service.ask("DELETE", "/v1/visits")
    assert (wrong.status, wrong.slug, wrong.headers["allow"]) == (405, "method-not-allowed", "POST")
    assert service.ask("GET", "/v1/visits/%ff%fe").slug == "malformed-request"


@pytest.mark.parametrize(
    ("how", "status", "slug"),
    [
        ("bug", 500, "internal-error"),
        ("chain", 500, "internal-error"),
        ("header", 500, "internal-error"),
        ("payload", 500, "internal-error"),
        ("timeout", 500, "internal-error"),
        ("unavailable", 503, "unavailable"),
        ("state", 409, "case-closed"),
    ],
)
def test_a_handler_that_fails_is_a_problem_without_its_text(service: Service, how: str, status: int, slug: str) -> None:
    reply = service.post(json.dumps({"name": MARKER}).encode(), path=f"/v1/fail/{how}")
    assert (reply.status, reply.slug) == (status, slug)
    assert MARKER.encode() not in reply.body
    assert ("error_id" in reply.json) == (status == 500)


@pytest.mark.parametrize("key", ["", "x" * 201, "é".encode().decode("latin-1")])
def test_an_idempotency_key_has_bounds(service: Service, key: str) -> None:
    assert service.post(b"{}", Idempotency_Key=key).slug == "invalid-idempotency-key"


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"<b>" + MARKER.encode() + b"</b> / HTTP/1.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_a_problem_or_a_closed_door(service: Service, sent: bytes) -> None:
    answer = service.raw(sent)
    assert answer.startswith(b"HTTP/1.1 4"), answer[:60]
    assert b"application/problem+json" in answer
    assert MARKER.encode() not in answer
    assert b"<" not in answer


def test_a_broken_chunk_is_400_and_an_endless_one_too(service: Service) -> None:
    head = f"POST /v1/visits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['forms']}\r\nContent-Type: {JSON}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    for chunk in (b"zz\r\n", b"1" * 20000, b"5\r\nab"):
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as sock:
            sock.sendall(head.encode() + chunk)
            sock.shutdown(socket.SHUT_WR)
            assert b" 400 " in sock.recv(4096).split(b"\r\n")[0]


def test_a_request_whose_head_is_cut_off_is_not_acted_on(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nIdempotency-K")
        sock.shutdown(socket.SHUT_WR)
        assert b" 400 " in sock.recv(4096).split(b"\r\n")[0]


def test_clients_that_stall_hold_no_worker(service: Service) -> None:
    head = f"POST /v1/visits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['forms']}\r\nContent-Type: {JSON}\r\n"
    stalled = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(40)]
    for position, sock in enumerate(stalled):
        sock.sendall(head[:30].encode() if position % 2 else f"{head}Content-Length: 50\r\n\r\n{{".encode())
    assert service.post(b'{"name":"x","age":3}').status == 202
    assert select.select(stalled, [], [], 0)[0] == [], "some had been let go before another was answered"
    for sock in stalled:
        sock.close()


@pytest.mark.slow
def test_a_head_that_drips_is_answered_408_and_closed(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        began = time.monotonic()
        sock.settimeout(1)
        answer = b""
        while time.monotonic() - began < 14 and not answer:
            sock.sendall(b"X: y\r\n")
            try:
                answer = sock.recv(4096)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_connection_is_kept_for_several_requests(service: Service) -> None:
    connection = service.connect()
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status":"ok"}'
    connection.request("HEAD", "/healthz")
    assert connection.getresponse().read() == b""
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_flood_is_slowed_then_refused_and_another_caller_does_not_wait(service: Service) -> None:
    replies: list[Reply] = []
    flood = [threading.Thread(target=lambda: replies.append(service.ask("GET", "/v1/visits/1", key="flood"))) for _ in range(30)]
    for each in flood:
        each.start()
    assert service.ask("GET", "/v1/visits/1").status == 200
    assert any(each.is_alive() for each in flood), "the flood was over before another was answered"
    for each in flood:
        each.join()
    refused = [each for each in replies if each.status == 429]
    assert {each.status for each in replies} == {200, 429}
    assert 20 <= len(refused) <= 26
    assert all(each.slug == "too-many-requests" and int(each.headers["retry-after"]) >= 1 for each in refused)


def test_the_gate_and_the_handler_share_the_time_that_a_source_waits(service: Service) -> None:
    began = time.monotonic()
    reply = service.ask("POST", "/v1/fail/hang", key="late")
    assert (reply.status, reply.slug) == (503, "overloaded")
    assert 4 < time.monotonic() - began < 6.5  # three of four and a half seconds go at the gate; it would be seven and a half


def test_operators_see_and_decide_what_is_parked(service: Service) -> None:
    assert service.ask("GET", "/v1/parked").slug == "forbidden"
    assert service.ask("GET", "/v1/parked", key="grace").json["parked"][0]["id"] == "p1"
    assert service.ask("GET", "/v1/parked/p9", key="grace").slug == "not-found"
    assert service.ask("GET", "/v1/parked?limit=0", key="grace").slug == "invalid-query"
    assert service.post(b"{}", path="/v1/parked/p1/replay", key="grace").slug == "invalid-input"
    assert service.post(b'{"reason":"mapping corrected"}', path="/v1/parked/p1/replay", key="grace").status == 204
    shown = service.ask("GET", "/v1/parked/p1", key="grace").json
    assert (shown["state"], shown["reason"]) == ("replayed", "mapping corrected, operator:grace")
    assert service.ask("GET", "/v1/outbox", key="grace").json == {"pending": 0, "oldest_s": 0.0, "troubled": []}


@pytest.mark.parametrize("path", ["/v1/parked", "/v1/parked/p1", "/v1/outbox", "/v1/keys", "/v1/audit/verify"])
def test_an_operators_key_without_the_scope_is_refused_and_the_scope_is_named(service: Service, path: str) -> None:
    reply = service.ask("GET", path, key="intern")
    assert (reply.status, reply.slug) == (403, "scope-needed")
    assert reply.json["scope"] == f"{path.split('/')[2]}:read"


def test_the_pages_of_the_chassis_need_no_key(service: Service) -> None:
    assert service.ask("GET", "/readyz", key=None).json == {"ready": True, "checks": {"store": "ok"}, "warnings": {}, "facts": {}}
    assert "/v1/visits" in service.ask("GET", "/openapi.json", key=None).json["paths"]
    service.ask("POST", "/v1/visits", b"{}", Content_Type="application/json")
    assert b'route="/v1/visits"' in service.ask("GET", "/metrics", key=None).body


def test_numbers_stand_at_a_port_of_their_own_where_one_is_set_and_nothing_else_does() -> None:
    inside = free_port()
    service = Service(INSIDE=str(inside))
    assert service.ask("GET", "/metrics", key=None).status == 404
    assert service.ask("GET", "/readyz", key=None).status == 200
    outside, service.port = service.port, inside
    assert b'ngao_http_requests_total{method="GET",route="/readyz",status="200"}' in service.ask("GET", "/metrics", key=None).body
    assert service.ask("GET", "/readyz", key=None).status == 200
    assert service.ask("GET", "/v1/visits/1").status == 404
    service.port = outside
    assert service.stop() == 0


def test_readiness_says_what_is_missing() -> None:
    service = Service(MISSING="The store does not answer.")
    reply = service.ask("GET", "/readyz", key=None)
    assert (reply.status, reply.json["checks"]["store"]) == (503, "The store does not answer.")
    assert service.stop() == 0


def test_two_processes_share_a_port_only_when_told_to() -> None:
    first = Service(SHARED="1")
    second = Service(SHARED="1", PORT=str(first.port))
    assert second.port == first.port
    assert first.stop() == 0
    assert second.ask("GET", "/healthz", key=None).status == 200
    with pytest.raises(queue.Empty):
        Service(PORT=str(second.port), PATIENCE="5")
    assert second.stop() == 0


def test_on_stop_running_requests_are_answered_idle_connections_closed_and_new_ones_refused(tmp_path: Path) -> None:
    let_go = tmp_path / "go"
    service = Service(LET_GO=str(let_go))
    idle = service.connect()
    idle.request("GET", "/healthz")
    idle.getresponse().read()
    replies: list[Reply] = []
    running = [threading.Thread(target=lambda: replies.append(service.ask("GET", "/v1/slow", key=None))) for _ in range(2)]
    for each in running:
        each.start()
    eventually(lambda: sum('"slow.entered"' in line for line in service.printed) == 2, what="both requests to run")
    service.process.send_signal(signal.SIGTERM)
    eventually(service.refuses, what="new connections to be refused")
    assert idle.sock.recv(10) == b""
    idle.close()
    let_go.touch()
    for each in running:
        each.join()
    assert [each.status for each in replies] == [200, 200]
    assert replies[0].headers["connection"] == "close"
    assert service._ended() == 0


def test_nothing_of_what_was_sent_or_raised_stands_in_the_log() -> None:
    service = Service()
    for how in ("bug", "chain", "header", "payload", "unavailable", "log"):
        service.post(json.dumps({"name": MARKER}).encode(), path=f"/v1/fail/{how}?who={MARKER}")
    service.ask("GET", f"/v1/visits/{MARKER}?who={MARKER}")
    service.ask("GET", f"/{MARKER}", User_Agent=MARKER, traceparent=MARKER)
    service.post(b'{"' + MARKER.encode())
    service.post(json.dumps({MARKER: MARKER}).encode())
    service.raw(f"{MARKER} / HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    service.raw(f"GET /{MARKER} HTTP/1.1\r\nHost: {MARKER}\r\nContent-Length: {MARKER}\r\n\r\n".encode())
    assert service.stop() == 0
    printed = "".join(service.printed)
    assert '"status":500' in printed
    assert MARKER not in printed
    assert "ssssss" not in printed
    assert "Traceback" not in printed
    assert all(json.loads(line) for line in service.printed)


def test_being_looked_at_leaves_a_line_only_when_something_is_wrong() -> None:
    service = Service()
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/healthz/no"):
        service.ask("GET", path)
    assert service.stop() == 0
    lines = [json.loads(line) for line in service.printed]
    logged = [(line["route"], line["status"]) for line in lines if line["event"] == "http.request"]
    assert logged == [("/openapi.json", 200), ("<unmatched>", 404)]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nContent-Length : 2\r\n\r\nxx",
        b"GET /healthz HTTP/1.1\r\nbroken line\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: a\r\n folded\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\nConnection: close\n\n",
        b"GET /healthz HTTP/1.1\r\nX: a\nConnection: close\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/0.9\r\n\r\n",
        b"GET /heal\x00thz HTTP/1.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_two_readers_could_read_differently_is_refused_once_and_the_connection_ends(service: Service, sent: bytes) -> None:
    answer = service.raw(sent + b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400"), answer[:60]
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size", [b"0x2", b"+2", b" 2", b"000000002", b"2 x", b"2\n"])
def test_a_chunk_size_is_hexadecimal_digits_and_nothing_else(service: Service, size: bytes) -> None:
    head = f"POST /v1/visits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS['forms']}\r\nContent-Type: {JSON}\r\n"
    head += "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = service.raw(head.encode() + size + b"\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400"), answer[:60]


def test_an_unknown_query_parameter_is_refused_by_name_and_never_by_value(service: Service) -> None:
    reply = service.ask("GET", f"/v1/visits/1?a=1&urgency={MARKER}")
    assert (reply.status, reply.slug) == (400, "invalid-query")
    assert "urgency" in reply.json["detail"]
    assert MARKER.encode() not in reply.body
    named = service.ask("GET", f"/v1/visits/1?{MARKER}%20secret=1")
    assert (named.status, named.slug) == (400, "invalid-query")
    assert MARKER.encode() not in named.body
    assert service.ask("GET", "/v1/visits/1?a=1&a=2").slug == "invalid-query"
    assert service.ask("GET", "/v1/visits/1?" + "&".join(f"a{at}=1" for at in range(60))).slug == "invalid-query"


def test_a_connection_that_asks_nothing_is_closed_within_seconds(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=9) as sock:
        assert sock.recv(1) == b""


def header(client: str, port: int = 4000) -> bytes:
    """PROXY protocol v2, of an IPv4 client."""
    addresses = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + port.to_bytes(2, "big") + (443).to_bytes(2, "big")
    return b"\r\n\r\n\x00\r\nQUIT\n" + b"\x21\x11" + len(addresses).to_bytes(2, "big") + addresses


HEALTH = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"


def test_behind_a_gate_each_client_draws_on_its_own_share_and_nobody_comes_past_the_gate() -> None:
    service = Service(INSIDE=str(free_port()), PROXIED="127.0.0.1")
    for past in (HEALTH, b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n" + HEALTH, header("198.51.100.1")[:-3]):
        with socket.create_connection(("127.0.0.1", service.port), timeout=9) as sock:
            sock.sendall(past)
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(100) == b""
    assert service.raw(header("198.51.100.7") + HEALTH).split(b" ")[1] == b"200"
    silent = []
    for at in range(520):
        sock = socket.create_connection(("127.0.0.1", service.port), timeout=9)
        sock.sendall(header("198.51.100.7", 1000 + at))
        silent.append(sock)
    assert service.raw(header("198.51.100.8") + HEALTH).split(b" ")[1] == b"200"
    for sock in silent:
        sock.close()
    assert service.stop() == 0


def test_a_service_that_knows_other_gates_believes_no_header_of_anybody_else() -> None:
    service = Service(INSIDE=str(free_port()), PROXIED="192.0.2.1")
    with socket.create_connection(("127.0.0.1", service.port), timeout=9) as sock:
        sock.sendall(header("198.51.100.7") + HEALTH)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""
    assert service.stop() == 0


def test_what_operators_do_is_at_their_own_port_and_does_not_exist_at_the_public_one() -> None:
    operators = free_port()
    service = Service(INSIDE=str(free_port()), OPERATORS=str(operators))
    hidden = ("/v1/parked", "/readyz", "/openapi.json", "/healthz")
    assert [service.ask("GET", path, key="grace").status for path in hidden] == [404] * 4
    assert service.ask("GET", "/v1/visits/1").status == 200
    outside, service.port = service.port, operators
    assert service.ask("GET", "/v1/parked", key="grace").status == 200
    assert service.ask("GET", "/v1/visits/1").status == 404
    assert service.ask("GET", "/readyz", key=None).status == 200
    service.port = outside
    assert service.stop() == 0


def test_what_a_request_costs_is_paid_by_its_caller() -> None:
    service = Service()
    body = json.dumps({"name": "x" * 60_000, "age": 1}).encode()
    costly = [service.post(body, key="flood") for _ in range(3)]
    assert {each.status for each in costly} <= {422, 429}
    deep = b"[" + b"{}," * 6000 + b"{}]"
    assert service.post(deep).slug == "malformed-json"
    began = time.monotonic()
    assert service.post(b'{"name":"x","age":3}').status == 202
    assert time.monotonic() - began < 1
    assert service.stop() == 0
