"""The embedded broker in a folder with spaces, after a provisioning that was cut off again and again."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngao.deployment.naming import ADMINISTRATOR
from ngao.local import binaries
from ngao.local.broker import LocalBroker
from ngao.local.home import Home
from ngao.local.platform import Platform
from ngao.testing.waiting import eventually

pytestmark = pytest.mark.thorough

QUEUES = 80


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalBroker]:
    monkeypatch.setenv("NGAO_CACHE", str(tmp_path / "cache"))
    made = Platform.at(Home(tmp_path / "a folder's home")).broker
    made.start(binaries.rabbitmq_server(print))
    try:
        made.wait()
        yield made
    finally:
        made.stop()


def cut_off_in_the_middle(broker: LocalBroker, queue: str, after_s: float) -> None:
    """Ask for a queue as provisioning does, and reset the connection while the broker is at it."""
    account = base64.b64encode(f"{ADMINISTRATOR}:{broker.home.secret('broker-admin')}".encode()).decode()
    body = json.dumps({"durable": True, "arguments": {"x-queue-type": "quorum"}})
    head = (
        f"PUT /api/queues/half/{queue} HTTP/1.1\r\nHost: broker\r\nAuthorization: Basic {account}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", broker.ports["management"])) as connection:
        connection.sendall(f"{head}{body}".encode())
        time.sleep(after_s)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_queues_that_were_half_made_are_finished_and_the_disk_is_watched(broker: LocalBroker) -> None:
    management = broker.management()
    management.put("vhosts", "half", body={})
    for number in range(QUEUES):
        cut_off_in_the_middle(broker, f"q{number}", secrets.randbelow(25) / 1000)

    def without_state() -> int:
        return sum("state" not in queue for queue in management.get("queues", "half"))

    assert without_state() > 0
    assert broker.wake_queues(binaries.rabbitmq_server(print)) > 0
    eventually(lambda: without_state() == 0, within=30, what="all queues to run")
    assert broker.wake_queues(binaries.rabbitmq_server(print)) == 0
    assert management.get("nodes")[0]["disk_free"] > 0
    management.close()
