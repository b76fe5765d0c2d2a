"""Law 3, searched for: marked reports through everything, then every place where something could lie in clear.

The markers may be found nowhere. A control is planted in clear on purpose in each place, and each search must find it: a
search that finds nothing because it cannot would otherwise look like a platform that leaks nothing. `make leaks` is the same
with faults, and with a table.

One answer is left out on purpose: GET /v1/defenders tells an operator with the scope identity:read who the person is.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymongo
import pytest

from ngao.chassis.storage.held import Held
from ngao.chassis.storage.sealed_fields import VERSION
from ngao.deployment.naming import SERVICES
from ngao.testing.addresses import data_folder
from ngao.testing.processes import World
from ngao.testing.worlds import forget
from tests.support.auditing import on_record
from tests.support.coalition import Coalition, opened
from tests.support.controls import UNPLANTABLE, planted
from tests.support.inventory import sent_to_us, stored
from tests.support.marked_run import MarkedRun
from tests.support.markers import Token
from tests.support.searching import SENT_IN_CLEAR, SINKS, Search, Searched, tap

CLOSED = {
    "/contact_safety/channels", "/contact_safety/hours/0/closes", "/contact_safety/hours/0/days", "/contact_safety/hours/0/opens",
    "/contact_safety/may_contact", "/contact_safety/shared_phone", "/contact_safety/voicemail", "/subject/attributes/dependants",
    "/caller_name", "/hours/0/closes", "/hours/0/days", "/hours/0/opens", "/low_detail", "/shared_device", "/voicemail",
    "/who_answers", "/zone",
}  # fmt: skip




def _is_ciphertext(value: Any) -> bool:
    """A sealed field of our own, a box with the name of its key, or an event, in which what is sensitive is such a box."""
    if isinstance(value, dict):
        return set(value) <= {"key_id", "box"}
    content = value.encode() if isinstance(value, str) else value
    return content is None or content[:1] == VERSION or content.startswith(b'{"specversion"')


UNTRIED = {(each, f"approvals.{field}") for each in SERVICES for field in ("asked", "result")} | {
    ("console", "outbox.body"), ("console", "accounts.organisation"),
}  # fmt: skip
"""The marked run has one operator, so nothing waits for a second: that these are sealed is shown by no marker yet.

It has no organisation at which people sign in: `test_sign_in_by_organisation.py` looks at what is stored of one.

Console publishes nothing but where the chains of its audit are, an hour after its start.
"""
MOVED = {(each, "outbox.record") for each in SERVICES} | {("registry", "checkins.pending"), ("notify", "handed.box")}
"""It is moved on or acted on within a second, so it may be there or not; the files of the database are searched for it, too.

A box with an address is deleted when its message is sent: tests/service/test_address_handed.py looks for what it leaves.
"""
_ARGON2 = r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"
_HASH = rf"((phone|email|reference):)?[0-9a-f]{{64}}|{_ARGON2}"
LOOKS: dict[Held, Callable[[Any], bool]] = {
    Held.INTERNAL: lambda _: True,
    Held.HASHED: lambda value: value is None or bool(re.fullmatch(_HASH, value)),
    Held.SEALED: _is_ciphertext,
}


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    assert (data_folder() / "rabbitmq").is_dir(), "NGAO_TEST_DATA does not hold the broker's files"
    assert (data_folder() / "mongo").is_dir(), "NGAO_TEST_DATA does not hold the database's files"
    world = World(Path(tmp_path_factory.mktemp("privacy")), secrets.token_hex(4))
    with opened(world, names=SERVICES) as made:
        tap(made)
        yield made
    forget(world)


@pytest.fixture(scope="module")
def run(coalition: Coalition) -> MarkedRun:
    """Everything that a report can meet but for faults; what is searched is what this leaves."""
    made = MarkedRun(coalition)
    for part in made.parts():
        part()
    coalition.quiet()
    return made


@pytest.fixture(scope="module")
def control(run: MarkedRun) -> Token:
    return Token(run.stem, "k")


@pytest.fixture(scope="module")
def searched(coalition: Coalition, run: MarkedRun, control: Token) -> dict[str, Searched]:
    """Each place, searched once for all three kinds."""
    search = Search(run.stem, (run.token, run.open, control))
    with planted(coalition, control, run.source):
        return {name: search.through(sink(coalition)) for name, sink in SINKS.items()}


@pytest.mark.parametrize("sink", SINKS)
def test_no_marker_stands_in_clear_in(run: MarkedRun, searched: dict[str, Searched], sink: str) -> None:
    assert searched[sink].of(run.token) == []


@pytest.mark.parametrize("sink", [each for each in SINKS if each not in SENT_IN_CLEAR])
def test_what_an_outsider_sends_in_clear_to_the_broker_is_in_clear_nowhere_else_so_not_in(
    run: MarkedRun, searched: dict[str, Searched], sink: str
) -> None:
    assert searched[sink].of(run.open) == []


@pytest.mark.parametrize("sink", [each for each in SINKS if each not in UNPLANTABLE])
def test_a_control_in_clear_is_found_in(searched: dict[str, Searched], control: Token, sink: str) -> None:
    assert searched[sink].of(control)


def test_the_metrics_are_really_searched(coalition: Coalition) -> None:
    """Nobody can plant a control there, so something that stands there is looked for."""
    assert all(b"ngao_" in content for _, content in SINKS["metrics"](coalition))


def test_a_control_is_found_in_each_database_and_both_in_its_files_and_its_journal(
    coalition: Coalition, searched: dict[str, Searched], control: Token
) -> None:
    hits = searched["documents"].of(control)
    for service in coalition.services:
        assert [each for each in hits if each.startswith(f"{service}.control")]
    files = searched["database_files"].of(control)
    assert [each for each in files if "/journal/" in each]
    assert [each for each in files if ".wt " in each]


def test_every_field_that_is_really_stored_says_what_it_holds_and_holds_that(coalition: Coalition, run: MarkedRun) -> None:
    """All records of all services, after everything has happened: ciphertext where a seal is promised, a hash where a hash is."""
    says = {(service, name): field["held"] for service, name, field in stored()}
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    seen, wrong = set(), []
    for service in coalition.services:
        database = client[coalition.world.database(service)]
        on_record(database)
        for name in sorted(set(database.list_collection_names()) - {"control"}):
            for field, value in (pair for record in database[name].find() for pair in record.items()):
                at = (service, f"{name}.{field}")
                seen.add(at)
                if at not in says or not all(LOOKS[says[at]](each) for each in (value if isinstance(value, list) else [value])):
                    wrong.append(at)
    client.close()
    assert sorted(set(wrong)) == []
    assert {at for at, held in says.items() if held is not Held.INTERNAL} - seen - MOVED == UNTRIED


def test_every_sensitive_field_that_can_hold_a_marker_holds_one(run: MarkedRun) -> None:
    """What is left has a closed list of values, too few to tell who it is about; a new field of that kind is looked at here."""
    assert set(run.planted) == sent_to_us()
    closed = {pointer for planted in run.planted.values() for pointer in planted.closed}
    assert closed == CLOSED
    assert all(planted.marked and planted.marked.isdisjoint(CLOSED) for planted in run.planted.values())
    kobo = json.dumps(run.kobo_form())
    assert kobo.count(run.token.word) >= 5


@pytest.mark.parametrize("offset", range(4))
def test_a_marker_is_known_in_whatever_it_is_written(offset: int) -> None:
    token = Token()
    text, phone, *_ = token.forms("some field")
    before = "x" * offset
    written = [
        json.dumps(before + text), quote(before + text), repr(text), text.upper(), phone, f"0{phone[4:]}",
        base64.b64encode(f"{before}{text}".encode()).decode(), base64.urlsafe_b64encode(f"{before}{phone}".encode()).decode(),
        text.encode().hex(), text.encode().hex().upper(), text.encode("utf-16-le").decode("latin-1"),
        text.encode("utf-16-be").decode("latin-1"), f"+254 {phone[4:7]} {phone[7:10]} {phone[10:]}", text[::-1], text.title(),
        "".join(f"%{byte:02X}" for byte in text.encode()), "".join(f"\\u{ord(each):04x}" for each in text),
        str(list(text.encode())).replace(" ", ""),
    ]  # fmt: skip
    search = Search(token.stem, (token,))
    missed = [each for each in written if not search.through([("here", each.encode("latin-1", "replace"))]).of(token)]
    assert missed == []


def test_a_hit_tells_its_kind_and_its_field(run: MarkedRun, control: Token) -> None:
    content = f"{run.token.text('Report/narrative')} and {control.word}".encode()
    found = Search(run.stem, (run.token, control)).through([("here", content)])
    assert found.of(run.token) == ["here (as it is) Report/narrative"]
    assert found.of(control) == ["here (as it is)"]
