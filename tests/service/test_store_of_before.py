"""A store that 0.1.0 has written is taken over as it is: nothing is lost, comes twice, or is kept longer than it was promised.

`tests/data/store-0.1.0.json` is such a store, recorded with the last version that kept inbox, outbox and audit apart (8feb7a7):
three units about two cases, the events of two of them not published yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from bson import json_util
from pymongo import IndexModel

from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import Conflict
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.inbox import Inbox
from ngao.chassis.messaging.outbox import WAITING, entry_of
from ngao.chassis.messaging.sent_events import Order, SentEvents
from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Verified
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.connection import INBOX_DAYS, JOURNAL, MARKS_OF_BEFORE, OUTBOX_DAYS, Store
from ngao.chassis.storage.keyring import Keyring, ciphers
from ngao.chassis.storage.unit_of_work import Publication, Unit
from ngao.contracts import decode, encode, make, type_named
from ngao.kernel.actors import Actor
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import journal_of
from tests.support.relaying import Running

SAMPLE = Path(__file__).parents[1] / "data" / "store-0.1.0.json"
FIRST, SECOND = "NG-OLD0000001", "NG-OLD0000002"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    name = f"before_{uuid4().hex[:8]}"
    made = Store(StoreSettings(world.parts.mongo_hosts, "rs0", world.database(name), None, None, None, 3000), alias=name)
    for collection, held in json_util.loads(SAMPLE.read_text()).items():
        made.database[collection].insert_many(held["documents"])
        if held["indexes"]:
            made.database[collection].create_indexes([IndexModel(each.pop("key"), **each) for each in held["indexes"]])
    # What is too old is removed within a minute: it all happened yesterday.
    made.database[JOURNAL].update_many({"sent_at": {"$exists": True}}, {"$set": {"sent_at": YESTERDAY}})
    made.database[MARKS_OF_BEFORE].update_many({}, {"$set": {"at": YESTERDAY}})
    made.ensure_indexes(())
    yield made
    made.client.drop_database(made.database.name)
    made.close()


@pytest.fixture
def running(store: Store) -> Iterator[Running]:
    made = Running(store)
    yield made
    made.ends()


def act(unit: Unit, subject: str = FIRST) -> None:
    unit.emit(make("referral.case.closed.v1", subject=subject, data={"case_ref": subject, "reason": "completed"}))
    unit.audit("case.closed", subject=subject, actor=Actor.system("test"))


def test_what_waited_in_its_outbox_leaves_and_what_was_sent_does_not(store: Store, running: Running) -> None:
    waiting = {each["message_id"] for each in store.database[JOURNAL].find(WAITING)}
    assert len(waiting) == 2
    running.begins()
    eventually(lambda: not store.database[JOURNAL].count_documents(WAITING), what="the old outbox to be empty")
    assert set(running.publisher.sent) == waiting
    assert store.database[JOURNAL].count_documents({"sent_at": {"$exists": True}}) == 3


def test_what_it_has_sent_can_be_sent_again(store: Store, running: Running) -> None:
    (sent,) = store.database[JOURNAL].find({"sent_at": {"$exists": True}})
    order = Order(YESTERDAY - timedelta(hours=1), YESTERDAY + timedelta(hours=1))
    assert SentEvents(store, running.units, SystemClock()).replay(order, by=Actor.operator("amina"), reason="lost") == (1, False)
    running.begins()
    eventually(lambda: sent["message_id"] in running.publisher.sent, what="the event to be sent again")


def test_its_marks_hold(store: Store, running: Running) -> None:
    assert store.has_marks_of_before
    assert Inbox(store).seen({"ngao://registry|event-1", "ngao://registry|event-9"}) == {"ngao://registry|event-1"}
    known, new = running.units.read(), running.units.read()
    for unit, mark in ((known, "ngao://registry|event-1"), (new, "ngao://registry|event-9")):
        act(unit, SECOND)
        unit.mark(mark)
    assert [type(error) for error in running.units.commit([known, new])] == [Conflict, type(None)]


def test_its_audit_goes_on(store: Store, running: Running) -> None:
    running.units.run(act)
    found = journal_of(store.database).verify()
    assert isinstance(found, Verified)
    assert (found.entries, found.unkeyed) == (4, 0)


def test_its_numbers_do_not_come_again(store: Store, running: Running) -> None:
    about = {"subject": FIRST, "body": {"$exists": True}}
    assert {decode(each["body"]).sequence for each in store.database[JOURNAL].find(about)} == {1, 2}
    running.units.run(act)
    (latest,) = store.database[JOURNAL].find({**about, **WAITING, "lease": {"$ne": "a process of 0.1.0"}})
    assert (decode(latest["body"]).sequence or 0) > 2


def test_its_data_keys_open_and_can_be_destroyed(store: Store) -> None:
    keyring = Keyring(Reread(lambda: ciphers({"2026-10": b"e" * 32})), b"l" * 32, store.durable("data_keys"), "referral")
    scope = f"case:{FIRST}-0"
    assert keyring.find(scope) is not None
    assert keyring.destroy(scope)
    assert keyring.find(scope) is None


def test_it_is_kept_as_long_as_it_was_promised_and_no_longer(store: Store) -> None:
    days = {
        (collection, name): index["expireAfterSeconds"] // 86400
        for collection in (JOURNAL, MARKS_OF_BEFORE)
        for name, index in store.database[collection].index_information().items()
        if "expireAfterSeconds" in index
    }
    assert days == {(JOURNAL, "sent"): OUTBOX_DAYS, (JOURNAL, "marks"): INBOX_DAYS, (MARKS_OF_BEFORE, "at_1"): INBOX_DAYS}


def test_an_event_that_nobody_gets_whole_any_more_is_as_good_as_sent(store: Store, running: Running) -> None:
    """Intake subscribed to offers then; no queue is bound for them on `events` now."""
    data = {"case_ref": FIRST, "offer_id": "o1", "partner_id": "clinic", "need": "medical", "urgency": "high", "attempt": 1}
    offered = make("referral.offered.v1", subject=FIRST, data={**data, "policy_version": "1", "respond_by": YESTERDAY})
    assert type_named(offered.type).is_for_notices_alone
    lease = ("", YESTERDAY)
    entry = entry_of(Publication(offered, EVENTS), 3, None, YESTERDAY, lease, encode=encode)
    store.database[JOURNAL].insert_one(entry.as_document())
    running.begins()
    eventually(lambda: not store.database[JOURNAL].count_documents(WAITING), what="the old outbox to be empty")
    assert offered.id not in running.publisher.sent
    assert store.database[JOURNAL].count_documents({"_id": entry.id, "sent_at": {"$exists": True}}) == 1
