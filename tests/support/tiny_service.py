"""The small service of `tests/service/http_service.py` as a process of its own, driven from outside."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import socket
import ssl
import threading
from typing import Any

from ngao.testing.processes import WARMED

JSON = "application/json"
KEYS = {
    name: f"ngao_{kind}_{name}_{'s' * 43}"
    for kind, name in (
        ("source", "forms"),
        ("source", "flood"),
        ("source", "closed"),
        ("source", "late"),
        ("partner", "clinic"),
        ("operator", "grace"),
        ("operator", "intern"),
    )
}


class Service:
    """The process, its port, and all it has printed; with `trusted` it is spoken to in TLS."""

    def __init__(self, *, trusted: ssl.SSLContext | None = None, **environment: str) -> None:
        self.trusted = trusted
        reads, writes = os.pipe()
        self._output = os.fdopen(reads, encoding="utf-8")
        with os.fdopen(writes, "wb") as log:
            self.process = WARMED.start("tests.service.http_service", [], log, environment)
        self.printed: list[str] = []
        self._port: queue.Queue[int] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = self._port.get(timeout=float(environment.get("PATIENCE", "60")))
        except queue.Empty:
            self.process.kill()
            self._ended()
            raise

    def _read(self) -> None:
        for line in self._output:
            self.printed.append(line)
            if '"http.listening"' in line:
                self._port.put(json.loads(line)["port"])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(timeout=30)
        self._reader.join(5)
        self._output.close()
        return code

    def connect(self, timeout: float = 20) -> http.client.HTTPConnection:
        if self.trusted is not None:
            return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.trusted)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method: str, path: str, body: Any = None, key: str | None = "forms", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["Authorization"] = f"Bearer {KEYS.get(key, key)}"
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def refuses(self) -> bool:
        """Whether nobody listens any more."""
        try:
            self.ask("GET", "/healthz", key=None)
        except ConnectionError:
            return True
        return False

    def post(self, body: bytes, path: str = "/v1/visits", content_type: str = JSON, **more: Any) -> Reply:
        return self.ask("POST", path, body, Content_Type=content_type, **more)

    def raw(self, data: bytes, timeout: float = 20) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            sock.sendall(data)
            received = b""
            while piece := sock.recv(65536):
                received += piece
            return received


class Reply:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def slug(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return str(self.json["type"]).rsplit("/", 1)[-1]
