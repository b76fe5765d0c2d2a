"""Sealed fields and the keyring, over a real store: what opens, and above all what does not."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from ngao.chassis.errors import Misconfigured, SealBroken
from ngao.chassis.rereading import Reread
from ngao.chassis.storage.keyring import CACHE_SECONDS, Keyring, ciphers, joined
from ngao.chassis.storage.sealed_fields import Sealer
from ngao.testing.addresses import addresses
from ngao.testing.processes import ROOT

KEKS = {"2026-10": b"a" * 32, "2026-11": b"b" * 32}
LOOKUP = b"l" * 32
PLACE = ("case:NG-0000000001", "cases", "NG-0000000001", "narrative")


@pytest.fixture(scope="module")
def database() -> Iterator:
    with MongoClient(addresses().mongo) as client:
        name = f"test_seals_{secrets.token_hex(6)}"
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def collection(database) -> Collection:
    return database[f"data_keys_{secrets.token_hex(4)}"]


class Unit:
    """A unit reduced to what a sealer needs: inserts are kept until `commit`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.inserts: list[tuple[str, dict]] = []

    def register_insert(self, collection: str, document: dict) -> None:
        self.inserts.append((collection, document))

    def commit(self) -> None:
        for name, document in self.inserts:
            self._collection.database[name].insert_one(document)
        self.inserts = []


class Ticks:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def ring(collection: Collection, *, service: str = "intake", keks=KEKS, active="2026-11", lookup=LOOKUP, **more) -> Keyring:
    known = {period: key for period, key in keks.items() if period <= active}
    made = Keyring(Reread(lambda: ciphers(known)), lookup, collection, service, **more)
    collection.create_index("scope", unique=True)
    return made


def sealer_of(keyring: Keyring, unit: Unit) -> Sealer:
    return Sealer(keyring, unit.register_insert, unit.register_insert)


def sealed(keyring: Keyring, collection: Collection, plaintext: bytes = b"words", place: tuple = PLACE) -> bytes:
    """Seal one value in a unit of its own and commit that unit."""
    unit = Unit(collection)
    sealer = sealer_of(keyring, unit)
    value = sealer.seal(*place, plaintext)
    unit.commit()
    sealer.committed()
    return value


def opened(keyring: Keyring, value: bytes, place: tuple = PLACE) -> bytes:
    return sealer_of(keyring, Unit(keyring._keys)).open(*place, value)


def test_what_is_sealed_opens_in_its_own_place(collection):
    keyring = ring(collection)
    value = sealed(keyring, collection)
    assert opened(keyring, value) == b"words"
    assert b"words" not in value
    assert opened(ring(collection), value) == b"words", "another process, with nothing in its cache"


def test_an_empty_value_can_be_sealed(collection):
    keyring = ring(collection)
    assert opened(keyring, sealed(keyring, collection, b"")) == b""


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param((PLACE[0], "offers", PLACE[2], PLACE[3]), id="another collection"),
        pytest.param((PLACE[0], PLACE[1], "NG-0000000002", PLACE[3]), id="another row"),
        pytest.param((PLACE[0], PLACE[1], PLACE[2], "summary"), id="another field"),
        pytest.param((PLACE[0], "case", "sNG-0000000001", PLACE[3]), id="the same letters, parted elsewhere"),
    ],
)
def test_a_value_copied_elsewhere_does_not_open(collection, elsewhere):
    keyring = ring(collection)
    value = sealed(keyring, collection)
    with pytest.raises(SealBroken):
        opened(keyring, value, elsewhere)


def test_a_value_of_one_scope_does_not_open_under_another(collection):
    keyring = ring(collection)
    value = sealed(keyring, collection)
    sealed(keyring, collection, place=("case:NG-0000000002", *PLACE[1:]))
    with pytest.raises(SealBroken):
        opened(keyring, value, ("case:NG-0000000002", *PLACE[1:]))


def test_a_value_copied_to_another_service_does_not_open_even_with_the_same_keys(collection):
    value = sealed(ring(collection), collection)
    with pytest.raises(SealBroken):
        opened(ring(collection, service="registry"), value)


def test_a_data_key_moved_to_another_scope_does_not_unwrap(collection):
    value = sealed(ring(collection), collection)
    collection.update_one({"scope": PLACE[0]}, {"$set": {"scope": "case:NG-0000000009"}})
    with pytest.raises(SealBroken):
        opened(ring(collection), value, ("case:NG-0000000009", *PLACE[1:]))


def test_a_value_altered_anywhere_does_not_open(collection):
    keyring = ring(collection)
    value = sealed(keyring, collection)
    for at in range(len(value)):
        altered = bytearray(value)
        altered[at] ^= 1
        with pytest.raises(SealBroken):
            opened(keyring, bytes(altered))


def test_a_value_cut_short_does_not_open(collection):
    keyring = ring(collection)
    value = sealed(keyring, collection)
    for length in range(len(value)):
        with pytest.raises(SealBroken):
            opened(keyring, value[:length])


def test_a_scope_gets_one_data_key_a_unit_and_it_commits_with_the_data(collection):
    unit = Unit(collection)
    sealer = sealer_of(ring(collection), unit)
    value = sealer.seal(*PLACE, b"one")
    sealer.seal(PLACE[0], "cases", "NG-0000000001", "summary", b"two")
    assert [name for name, _ in unit.inserts] == [collection.name]
    assert sealer.open(*PLACE, value) == b"one", "readable inside its unit"
    with pytest.raises(SealBroken):
        opened(ring(collection), value)


def test_two_units_that_race_for_a_scope_meet_in_the_unique_index(collection):
    keyring = ring(collection)
    first, second = Unit(collection), Unit(collection)
    value = sealer_of(keyring, first).seal(*PLACE, b"first")
    sealer_of(keyring, second).seal(*PLACE, b"second")
    first.commit()
    with pytest.raises(DuplicateKeyError):
        second.commit()
    again = Unit(collection)
    rerun = sealer_of(keyring, again).seal(*PLACE, b"second")
    assert not again.inserts
    assert opened(keyring, value) == b"first"
    assert opened(keyring, rerun) == b"second"


def test_a_scope_that_a_unit_invented_gets_its_key_without_a_look_at_the_store(collection):
    unit = Unit(collection)
    sealer = sealer_of(ring(collection), unit)
    sealer.create_key(PLACE[0])
    sealer.create_key(PLACE[0])
    value = sealer.seal(*PLACE, b"words")
    assert len(unit.inserts) == 1
    unit.commit()
    sealer.committed()
    assert opened(ring(collection), value) == b"words"


def test_after_the_key_is_destroyed_nothing_opens_at_once(collection):
    keyring = ring(collection)
    unit = Unit(collection)
    sealer = sealer_of(keyring, unit)
    value = sealer.seal(*PLACE, b"words")
    unit.commit()
    sealer.committed()
    assert keyring.destroy(PLACE[0])
    assert not keyring.destroy(PLACE[0])
    for reader in (sealer, sealer_of(keyring, unit), sealer_of(ring(collection), unit)):
        with pytest.raises(SealBroken):
            reader.open(*PLACE, value)


def test_another_process_notices_an_erasure_within_the_cache_time(collection):
    ticks = Ticks()
    here, there = ring(collection), ring(collection, ticks=ticks)
    value = sealed(here, collection)
    assert opened(there, value) == b"words"
    here.destroy(PLACE[0])
    ticks.now = CACHE_SECONDS - 0.1
    assert opened(there, value) == b"words"
    ticks.now = CACHE_SECONDS
    with pytest.raises(SealBroken):
        opened(there, value)


def test_the_time_of_a_cached_key_runs_from_before_its_read(collection):
    """A read that took long may have seen the key long before it is cached."""
    ticks = Ticks()
    here, slow = ring(collection), ring(collection, ticks=ticks)
    value = sealed(here, collection)
    unwrap = slow._unwrap

    def take_a_while(stored):
        ticks.now += CACHE_SECONDS
        return unwrap(stored)

    slow._unwrap = take_a_while
    assert opened(slow, value) == b"words"
    here.destroy(PLACE[0])
    with pytest.raises(SealBroken):
        opened(slow, value)


def test_a_new_key_is_not_kept_longer_than_one_that_was_read(collection):
    """Its unit may have waited for its commit: another process can have erased the key since."""
    ticks = Ticks()
    keyring, unit = ring(collection, ticks=ticks), Unit(collection)
    sealer = sealer_of(keyring, unit)
    value = sealer.seal(*PLACE, b"words")
    unit.commit()
    ring(collection).destroy(PLACE[0])
    ticks.now += CACHE_SECONDS
    sealer.committed()
    with pytest.raises(SealBroken):
        opened(keyring, value)


def test_keys_whose_time_is_over_leave_the_memory_at_the_next_use_of_any_key(collection):
    ticks = Ticks()
    keyring = ring(collection, ticks=ticks)
    sealed(keyring, collection)
    sealed(keyring, collection, place=("case:NG-0000000002", *PLACE[1:]))
    assert len(keyring._cache._kept) == 2
    ticks.now += CACHE_SECONDS
    assert keyring.find("case:NG-0000000003") is None
    assert not keyring._cache._kept


READER = """
import sys, time
from pymongo import MongoClient
from ngao.chassis.errors import SealBroken
from ngao.testing.addresses import addresses
from tests.service.test_sealed_fields import PLACE, opened, ring

database, collection, value = sys.argv[1:]
with MongoClient(addresses().mongo) as client:
    keyring = ring(client[database][collection])
    try:
        while True:
            opened(keyring, bytes.fromhex(value))
            print(time.monotonic(), flush=True)
            time.sleep(0.02)
    except SealBroken:
        print("erased", flush=True)
"""


def test_processes_that_use_a_key_all_the_time_cannot_two_seconds_after_another_destroyed_it(collection):
    """Processes of the operating system, whose clock (`time.monotonic`) is one for all."""
    keyring = ring(collection)
    value = sealed(keyring, collection)
    command = [sys.executable, "-c", READER, collection.database.name, collection.name, value.hex()]
    readers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert float(reader.stdout.readline()) > 0, "it has the key in its memory"
        keyring.destroy(PLACE[0])
        destroyed = time.monotonic()
        for reader in readers:
            *uses, last = reader.communicate(timeout=20)[0].split()
            assert last == "erased"
            assert max(map(float, uses), default=destroyed) - destroyed < 2
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()


def test_a_read_that_began_before_an_erasure_does_not_bring_the_key_back(collection):
    keyring = ring(collection)
    key, document = keyring.new(PLACE[0])
    collection.insert_one(document)
    before = keyring.epoch
    keyring.destroy(PLACE[0])
    keyring.keep(PLACE[0], key, before)
    assert keyring.find(PLACE[0]) is None


def test_a_known_scope_costs_one_read_and_many_scopes_one_query(collection):
    keyring = ring(collection)
    places = [(f"case:NG-{n:010d}", "cases", f"NG-{n:010d}", "narrative") for n in range(20)]
    values = [sealed(keyring, collection, place=place) for place in places]
    fresh = ring(collection)
    fresh.prefetch(place[0] for place in places)
    collection.delete_many({})
    assert [opened(fresh, value, place) for value, place in zip(values, places, strict=True)] == [b"words"] * 20


def test_the_cache_is_bounded_and_drops_the_longest_kept(collection):
    keyring = ring(collection, cache_size=2)
    places = [(f"case:{n}", *PLACE[1:]) for n in range(3)]
    values = [sealed(keyring, collection, place=place) for place in places]
    collection.delete_many({})
    with pytest.raises(SealBroken):
        opened(keyring, values[0], places[0])
    assert opened(keyring, values[2], places[2]) == b"words"


def test_after_rewrapping_the_old_period_key_can_be_destroyed(collection):
    old = ring(collection, active="2026-10")
    value = sealed(old, collection)
    backup = list(collection.find())
    assert ring(collection).wrapped() == {"2026-10": 1}
    assert ring(collection).rewrap() == (1, None)
    assert ring(collection).rewrap() == (0, None)
    assert ring(collection).wrapped() == {"2026-11": 1}
    only_new = {"2026-11": KEKS["2026-11"]}
    assert opened(ring(collection, keks=only_new), value) == b"words"
    collection.delete_many({})
    collection.insert_many(backup)
    with pytest.raises(SealBroken):
        opened(ring(collection, keks=only_new), value)


def test_rewrapping_touches_no_destroyed_key_and_takes_more_than_one_batch(collection):
    old = ring(collection, active="2026-10")
    collection.insert_many([old.new(f"person:{n}")[1] for n in range(501)])
    old.destroy("person:7")
    assert ring(collection).rewrap() == (500, None)
    assert collection.count_documents({"period": "2026-11"}) == 500


def test_rewrapping_stops_in_time_and_goes_on_where_it_stopped(collection):
    old = ring(collection, active="2026-10")
    collection.insert_many([old.new(f"person:{n}")[1] for n in range(501)])
    done, last = ring(collection).rewrap(within_s=-1)
    assert (done, ring(collection).wrapped()) == (500, {"2026-10": 1, "2026-11": 500})
    assert ring(collection).rewrap(last) == (1, None)


def test_a_new_periods_key_is_used_and_a_destroyed_one_forgotten_without_a_restart(collection):
    there, ticks = {"2026-10": KEKS["2026-10"]}, Ticks()
    keyring = Keyring(Reread(lambda: ciphers(there), ticks=ticks), LOOKUP, collection, "intake")
    there = dict(KEKS)
    assert keyring.active == "2026-10", "looked at a moment ago"
    value = sealed(ring(collection), collection)
    assert opened(keyring, value) == b"words", "another process has begun the period: looked at at once"
    assert keyring.active == "2026-11"
    there = {"2026-11": KEKS["2026-11"]}
    ticks.now += 11
    assert keyring.active == "2026-11"
    collection.update_one({}, {"$set": {"period": "2026-10"}})
    keyring.forget(PLACE[0])
    with pytest.raises(SealBroken, match="whose key is not here"):
        keyring.find(PLACE[0])


def test_a_folder_that_cannot_be_read_for_the_moment_takes_no_key_away(collection):
    answers = [dict(KEKS)]

    def read():
        if not answers:
            raise Misconfigured("no folder")
        return ciphers(answers.pop())

    ticks = Ticks()
    keyring = Keyring(Reread(read, ticks=ticks), LOOKUP, collection, "intake")
    ticks.now += 11
    assert keyring.active == "2026-11"


def test_a_lookup_hash_depends_on_kind_value_and_key(collection):
    keyring = ring(collection)
    hashed = keyring.lookup_hash("phone", "+254700000001")
    assert hashed == ring(collection).lookup_hash("phone", "+254700000001")
    assert hashed != keyring.lookup_hash("email", "+254700000001")
    assert hashed != keyring.lookup_hash("phone", "+254700000002")
    assert hashed != ring(collection, lookup=b"m" * 32).lookup_hash("phone", "+254700000001")
    assert keyring.lookup_hash("a", "bc") != keyring.lookup_hash("ab", "c")


def test_joined_parts_cannot_be_parted_in_another_way():
    assert joined(b"a", b"bc") != joined(b"ab", b"c")
    assert joined(b"", b"a") != joined(b"a", b"")
    assert joined(b"a") == b"\x00\x00\x00\x01a"


def test_the_cipher_gives_the_answer_of_the_published_vector():
    """McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 (256-bit key, associated data)."""
    cipher = AESGCM(bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2))
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plaintext = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    expected = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert cipher.encrypt(nonce, plaintext, bound) == expected


def test_the_sealed_form_is_what_its_description_says(collection):
    """Opened by hand from its parts, so that another program could."""
    keyring = ring(collection)
    value = sealed(keyring, collection)
    stored = collection.find_one({"scope": PLACE[0]})
    bound_key = joined(b"ngao data key v1", b"intake", PLACE[0].encode(), stored["_id"], b"2026-11")
    data_key = AESGCM(KEKS["2026-11"]).decrypt(stored["wrapped"][:12], stored["wrapped"][12:], bound_key)
    bound = joined(b"intake", b"cases", b"narrative", b"NG-0000000001", stored["_id"])
    assert value[:1] == b"\x01"
    assert value[1:17] == stored["_id"]
    assert AESGCM(data_key).decrypt(value[17:29], value[29:], bound) == b"words"
