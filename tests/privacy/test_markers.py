"""Law 3, searched for: marked reports through everything, then every place where something could lie in clear.

The markers may be found nowhere. A control is planted in clear on purpose in each place, and each search must find it: a
search that finds nothing because it cannot would otherwise look like a platform that leaks nothing.

One answer is left out on purpose: GET /v1/defenders tells an operator with the scope identity:read who the person is.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymongo
import pytest

from tests.support.addresses import data_folder
from tests.support.broker import remove
from tests.support.coalition import Coalition, opened, report
from tests.support.marked_run import MarkedRun, send_mail
from tests.support.markers import Token
from tests.support.processes import World
from tests.support.searching import SINKS, found

CLOSED = {
    "/contact_safety/channels", "/contact_safety/hours/0/closes", "/contact_safety/hours/0/days", "/contact_safety/hours/0/opens",
    "/contact_safety/may_contact", "/contact_safety/shared_phone", "/contact_safety/voicemail", "/subject/attributes/dependants",
}  # fmt: skip


@pytest.fixture(scope="module")
def token() -> Token:
    return Token()


@pytest.fixture(scope="module")
def control() -> Token:
    return Token()


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    assert (data_folder() / "rabbitmq").is_dir(), "NGAO_TEST_DATA does not hold the broker's files"
    assert (data_folder() / "mongo").is_dir(), "NGAO_TEST_DATA does not hold the database's files"
    world = World(Path(tmp_path_factory.mktemp("privacy")), secrets.token_hex(4))
    with opened(world) as made:
        yield made
    remove(world)
    client: Any = pymongo.MongoClient(world.parts.mongo)
    for service in made.services:
        client.drop_database(world.database(service))
    client.close()


@pytest.fixture(scope="module")
def run(coalition: Coalition, token: Token) -> MarkedRun:
    """Everything that a report can meet; what is searched is what this leaves."""
    made = MarkedRun(coalition, token)
    made.good()
    made.wrong_over_http()
    made.wrong_in_a_box()
    made.wrong_inside()
    made.store_fails()
    made.mail_fails()
    made.partner_fails()
    coalition.quiet()
    return made


@pytest.fixture(scope="module")
def in_clear(coalition: Coalition, control: Token, run: MarkedRun) -> Iterator[None]:
    """The control in each place, as a mistake would leave it there."""
    text, world = control.forms(0)[0], coalition.world
    (world.directory / "control.log").write_text(json.dumps({"event": text}))
    (world.directory / "accounts" / "control.log").write_text(json.dumps({"event": text}))
    send_mail(coalition.smtp_port, text)
    run.source.status(run.source.takes(report(run.county, source_event_id=text)))
    coalition.management.put(
        "queues", world.vhost, "control", body={"durable": True, "arguments": {"x-queue-type": "quorum"}}
    )  # fmt: skip
    coalition.line.publish_raw(json.dumps({"name": text}).encode(), "control", exchange="")
    client: Any = pymongo.MongoClient(world.parts.mongo)
    for service in coalition.services:
        client[world.database(service)].control.insert_one({"name": text})
    client.close()
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()", text]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, env={**os.environ, "CONTROL": control.digits}) as process:
        yield
        process.kill()


@pytest.mark.parametrize("sink", SINKS)
def test_no_marker_stands_in_clear_in(run: MarkedRun, coalition: Coalition, token: Token, sink: str) -> None:
    assert found(SINKS[sink](coalition), token.patterns()) == []


@pytest.mark.parametrize("sink", [each for each in SINKS if each != "metrics"])
def test_a_control_in_clear_is_found_in(in_clear: None, coalition: Coalition, control: Token, sink: str) -> None:
    assert found(SINKS[sink](coalition), control.patterns())


def test_the_metrics_are_really_searched(coalition: Coalition) -> None:
    """Nobody can plant a control there, so something that stands there is looked for."""
    hits = found(SINKS["metrics"](coalition), {b"ngao_": "as it is"})
    assert len(hits) == len(coalition.services)


def test_a_control_is_found_in_each_database_and_both_in_its_files_and_its_journal(
    in_clear: None, coalition: Coalition, control: Token
) -> None:
    hits = found(SINKS["documents"](coalition), control.patterns())
    for service in coalition.services:
        assert [each for each in hits if each.startswith(f"{service}.control")]
    files = found(SINKS["mongo_files"](coalition), control.patterns())
    assert [each for each in files if "/journal/" in each]
    assert [each for each in files if ".wt " in each]


def test_every_sensitive_field_that_can_hold_a_marker_holds_one(run: MarkedRun) -> None:
    """What is left has a closed list of values, too few to tell who it is about; a new field of that kind is looked at here."""
    assert run.planted.closed == CLOSED
    assert run.planted.marked.isdisjoint(CLOSED)
    assert {"/narrative", "/subject/identity/names", "/subject/identity/phones"} <= run.planted.marked
    kobo = json.dumps(run.kobo_form())
    assert kobo.count(run.token.word) >= 5


@pytest.mark.parametrize("offset", range(4))
def test_a_marker_is_known_in_whatever_it_is_written(token: Token, offset: int) -> None:
    text, phone, *_ = token.forms(7)
    before = "x" * offset
    written = [
        json.dumps(before + text), quote(before + text), repr(text), text.upper(), phone, f"0{phone[4:]}",
        base64.b64encode(f"{before}{text}".encode()).decode(), base64.urlsafe_b64encode(f"{before}{phone}".encode()).decode(),
        text.encode().hex(), text.encode("utf-16-le").decode("latin-1"), f"+254 {phone[4:7]} {phone[7:10]} {phone[10:]}",
    ]  # fmt: skip
    missed = [each for each in written if not found([("here", each.encode("latin-1", "replace"))], token.patterns())]
    assert missed == []
