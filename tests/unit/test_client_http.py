"""A source posts over HTTP: against a small real server that answers as intake would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ngao.client import BadAccount, Refused, SourceClient, Unreachable
from ngao.client.account import from_mapping

pytestmark = pytest.mark.loopback

REPORT = {"source_event_id": "a-1"}
ANSWER = {"report_id": "r", "case_ref": "NG-0000000001", "urgency": "high", "duplicate": False, "status_url": "/v1/reports/r"}


@dataclass
class Intake:
    """Answers each request with the next of `answers`: status, headers, JSON."""

    port: int
    answers: list[tuple[int, dict, object]] = field(default_factory=list)
    requests: list[tuple[str, dict, object]] = field(default_factory=list)


@pytest.fixture
def intake() -> Iterator[Intake]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.path, dict(self.headers), json.loads(body)))
            status, headers, answer = made.answers.pop(0)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Intake(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def client(port: int, seconds: float = 3.0) -> SourceClient:
    content = {"source_id": "hotline", "http": {"url": f"http://127.0.0.1:{port}", "key": "ngao_source_hotline_k"}}
    return SourceClient(from_mapping(content, "source", base=Path()), retry_seconds=seconds)


def test_a_report_is_posted_with_our_key_and_the_answer_given_back(intake):
    intake.answers = [(202, {}, ANSWER)]
    assert client(intake.port).post(REPORT) == ANSWER
    path, headers, body = intake.requests[0]
    assert (path, body) == ("/v1/reports", REPORT)
    assert headers["Authorization"] == "Bearer ngao_source_hotline_k"


def test_a_platform_that_is_busy_is_asked_again(intake):
    intake.answers = [(503, {}, {}), (429, {}, b"not json"), (202, {}, ANSWER)]
    assert client(intake.port).post(REPORT) == ANSWER
    assert len(intake.requests) == 3


def test_a_refusal_names_each_broken_field_and_is_not_repeated(intake):
    errors = [{"pointer": "/location/code", "code": "unknown_code", "detail": "Must be a county."}]
    intake.answers = [(422, {}, {"title": "Invalid report", "errors": errors})]
    with pytest.raises(Refused) as caught:
        client(intake.port).post(REPORT)
    assert caught.value.status == 422
    assert caught.value.errors == errors
    assert len(intake.requests) == 1


def test_our_key_is_not_carried_along_a_redirect(intake):
    intake.answers = [(302, {"Location": f"http://127.0.0.1:{intake.port}/elsewhere"}, {})]
    with pytest.raises(Refused):
        client(intake.port).post(REPORT)
    assert len(intake.requests) == 1


def test_silence_is_unreachable_after_the_time_given():
    with pytest.raises(Unreachable):
        client(1, seconds=0.3).post(REPORT)


def test_an_account_without_http_says_so():
    with pytest.raises(BadAccount, match="http"):
        SourceClient(from_mapping({"source_id": "hotline"}, "source", base=Path())).post(REPORT)
