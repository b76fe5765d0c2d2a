"""A control in clear in each place, as a mistake would leave it there: a search that cannot find it proves nothing."""

from __future__ import annotations

import json
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo

from tests.support.coalition import Coalition, Source, report
from tests.support.markers import Token

UNPLANTABLE = frozenset({"metrics"})
"""Where nobody can put anything: it is searched for something that stands there instead."""


@contextmanager
def planted(coalition: Coalition, control: Token, source: Source) -> Iterator[None]:
    """Plant it everywhere; a process that carries it runs until this ends."""
    text, world = control.text("the control"), coalition.world
    folders = (world.directory, world.directory / "accounts", world.temporary)
    for folder in folders:
        (folder / "control.log").write_text(json.dumps({"event": text}))
    _crash(world.temporary, text)
    _send_mail(coalition.smtp_port, text)
    source.status(source.takes(report(coalition.county(), source_event_id=text)))
    _publish(coalition, json.dumps({"name": text}).encode())
    client: Any = pymongo.MongoClient(world.parts.mongo)
    for service in coalition.services:
        client[world.database(service)].control.insert_one({"name": text})
    client.close()
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()", text]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, env={**os.environ, "CONTROL": control.digits}) as process:
        try:
            yield
        finally:
            process.kill()


_CRASHES = """
import os, resource, sys
_, most = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
os.abort()
"""


def _crash(folder: Path, text: str) -> None:
    """A process that lets its memory be written; where the kernel hands that to another program, nothing comes of it here."""
    subprocess.run([sys.executable, "-S", "-E", "-c", _CRASHES, text], cwd=folder, check=False, stderr=subprocess.DEVNULL)


def _publish(coalition: Coalition, body: bytes) -> None:
    """Into a queue that nobody reads, and among what is said: no service hears this type."""
    arguments = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
    coalition.management.put("queues", coalition.world.vhost, "test.control", body=arguments)
    coalition.line.publish_raw(body, "test.control", exchange="")
    coalition.line.publish_raw(body, "routine.test.control")


def _send_mail(port: int, text: str) -> None:
    """One letter, as notify would send it."""
    letter = f"Subject: control\r\n\r\n{text}\r\n".encode()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("control@example.org", ["control@example.org"], letter)
