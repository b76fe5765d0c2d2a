"""The audit chain: it verifies as written, and finds any change afterwards."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.chassis.security.audit import CHAINS, Broken, Head, Key, Keys, Record, Verified, chain_of, extend, extend_all
from ngao.chassis.security.audit import verify as verify_with

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
OLD, NEW, STRANGE = Key("2026-11", b"o" * 32), Key("2026-12", b"n" * 32), Key("2026-11", b"s" * 32)
KEYS = Keys({each.period: each.secret for each in (OLD, NEW)}, START)
SUBJECT = "NG-1"
CHAIN = chain_of(SUBJECT)


def verify(entries, *, keys: Keys = KEYS, **heads):
    return verify_with(entries, keys, **heads)


def upgraded(hours: int) -> Keys:
    """Of a service that has keys since some hours after the first of its entries."""
    return Keys(KEYS.by_period, START + timedelta(hours=hours))


def record(subject: str, n: int) -> Record:
    return Record("case.read", subject, f"operator:{n}", START + timedelta(seconds=n), {"reason": "duty", "n": str(n)})


subjects = st.lists(st.sampled_from(["NG-1", "NG-2", "NG-3", "NG-4", "DEF-1"]), min_size=2, max_size=12)


def chains(names: list[str]) -> tuple[list[dict], dict[int, Head]]:
    return extend_all({}, [record(name, n) for n, name in enumerate(names)], OLD)


@given(subjects)
def test_what_was_written_verifies(names):
    entries, heads = chains(names)
    assert verify(entries, end=heads) == Verified(len(names))


@given(subjects, st.data())
def test_any_single_change_is_found(names, data):
    entries, heads = chains(names)
    at = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(sorted(entries[at])))
    altered = copy.deepcopy(entries)
    value = altered[at][field]
    if field == "at":
        altered[at][field] = value + timedelta(milliseconds=1)
    elif field == "detail":
        altered[at][field] = {**value, "reason": "other"}
    else:
        altered[at][field] = value + 1 if isinstance(value, int) else value + "x"
    assert isinstance(verify(altered, end=heads), Broken)


@given(subjects, st.data())
def test_any_single_deletion_is_found_even_of_the_last(names, data):
    entries, heads = chains(names)
    del entries[data.draw(st.integers(0, len(entries) - 1))]
    assert isinstance(verify(entries, end=heads), Broken)


@given(subjects, st.data())
def test_any_swap_within_a_chain_is_found(names, data):
    entries, heads = chains(["NG-1", "NG-1", *names])
    own = [at for at, entry in enumerate(entries) if entry["subject"] == "NG-1"]
    one, two = data.draw(st.lists(st.sampled_from(own), min_size=2, max_size=2, unique=True))
    entries[one], entries[two] = entries[two], entries[one]
    assert isinstance(verify(entries, end=heads), Broken)


@given(subjects, st.data())
def test_a_fork_is_found(names, data):
    entries, heads = chains(names)
    at = data.draw(st.integers(0, len(entries) - 1))
    was = entries[at]
    before = Head(was["chain"], was["n"] - 1, was["previous"])
    (forked,), _ = extend(before, [record(was["subject"], 99)], OLD)
    assert forked["_id"] == was["_id"], "the store itself refuses a second entry with this number"
    assert isinstance(verify([*entries[: at + 1], forked, *entries[at + 1 :]], end=heads), Broken)
    if entries[-1] is not was:
        assert isinstance(verify([*entries[:at], forked, *entries[at + 1 :]], end=heads), Broken)


@given(subjects)
def test_a_subject_moved_to_another_chain_is_found(names):
    chain = (chain_of(names[0]) + 1) % CHAINS
    entries, _ = extend(Head.first(chain), [record(names[0], 1)], OLD)
    assert isinstance(verify(entries), Broken)


def test_the_first_break_is_named():
    entries, _ = extend(Head.first(chain_of("NG-1")), [record("NG-1", n) for n in range(5)], OLD)
    entries[2]["actor"] = "operator:nobody"
    assert verify(entries) == Broken(chain_of("NG-1"), 3, "hash")
    assert verify(entries[1:]) == Broken(chain_of("NG-1"), 1, "number")


def test_an_entry_with_a_field_too_many_or_too_few_is_found():
    entries, _ = extend(Head.first(chain_of("NG-1")), [record("NG-1", 1)], OLD)
    assert isinstance(verify([{**entries[0], "note": "added"}]), Broken)
    assert isinstance(verify([{name: value for name, value in entries[0].items() if name != "actor"}]), Broken)
    assert isinstance(verify([{}]), Broken)


def made(count: int, key: Key | None = OLD, *, head: Head | None = None, hours: int = 0) -> tuple[list[dict], Head]:
    records = [Record("case.read", SUBJECT, f"operator:{n}", START + timedelta(hours=hours, seconds=n)) for n in range(count)]
    return extend(head or Head.first(CHAIN), records, key)


@pytest.mark.parametrize("key", [None, STRANGE, Key("2027-01", b"o" * 32)], ids=["none", "another", "of another period"])
def test_a_history_written_without_the_key_is_found(key):
    forged, head = made(4, key)
    found = verify(forged, end={CHAIN: head})
    assert isinstance(found, Broken)
    assert (found.n, found.reason) == (1, "hash" if key is STRANGE else "key")


def test_a_history_that_was_cut_off_is_found_by_a_head_noted_earlier():
    entries, noted = made(3)
    shorter = Head(CHAIN, 2, entries[1]["hash"])
    assert isinstance(verify(entries[:2], end={CHAIN: shorter}), Verified), "alone, it looks sound"
    assert verify(entries[:2], end={CHAIN: shorter}, noted=[noted]) == Broken(CHAIN, 3, "noted")
    more, head = made(3, head=shorter, hours=1)
    assert verify(entries[:2] + more, end={CHAIN: head}, noted=[noted]) == Broken(CHAIN, 3, "noted")


def test_heads_noted_at_any_time_hold_while_the_chain_goes_on():
    entries, first = made(3)
    more, second = made(2, head=first)
    assert isinstance(verify(entries + more, end={CHAIN: second}, noted=[first, second, first, Head.first(CHAIN)]), Verified)


def test_what_is_from_before_there_were_keys_verifies_and_it_is_named_from_where_on_it_is_keyed():
    old, head = made(3, None)
    keyed, head = made(2, head=head, hours=2)
    found = verify(old + keyed, keys=upgraded(1), end={CHAIN: head})
    assert isinstance(found, Verified)
    assert (found.entries, found.unkeyed, found.keyed_from) == (5, 3, {CHAIN: 4})
    assert verify(keyed[:0] + old, keys=upgraded(1)).keyed_from == {}


def test_while_an_update_is_under_way_entries_without_a_key_are_still_taken():
    keyed, head = made(2)
    late, head = made(1, None, head=head)
    more, head = made(1, head=head, hours=2)
    assert verify(keyed + late + more, keys=upgraded(1)).keyed_from == {CHAIN: 4}


def test_an_entry_without_a_key_is_refused_once_all_must_have_one():
    keyed, head = made(2, hours=2)
    late, _ = made(1, None, head=head, hours=3)
    assert verify(keyed + late, keys=upgraded(1)) == Broken(CHAIN, 3, "key")
    backdated, _ = made(1, None, head=head)
    assert verify(keyed + backdated, keys=upgraded(1)) == Broken(CHAIN, 3, "key")


def test_a_new_key_goes_on_where_the_one_before_ended_and_never_the_other_way():
    first, head = made(2)
    second, head = made(2, NEW, head=head)
    assert isinstance(verify(first + second, end={CHAIN: head}), Verified)
    back, _ = made(1, OLD, head=head)
    assert verify(first + second + back) == Broken(CHAIN, 5, "key")
    assert verify(first + second, keys=Keys({NEW.period: NEW.secret}, START)) == Broken(CHAIN, 1, "key")


def test_microseconds_and_zones_that_the_store_does_not_keep_change_nothing():
    exact = Record("case.read", "NG-1", "operator:1", datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC))
    entries, _ = extend(Head.first(chain_of("NG-1")), [exact], OLD)
    assert entries[0]["at"].microsecond == 123000
    naive = {**entries[0], "at": entries[0]["at"].replace(tzinfo=None)}
    assert isinstance(verify([naive]), Verified)


def test_subjects_spread_over_all_chains():
    assert {chain_of(f"NG-{n}") for n in range(200)} == set(range(CHAINS))


@pytest.mark.parametrize("detail", [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}])
def test_the_order_of_details_does_not_matter(detail):
    entries, _ = extend(Head.first(0), [Record("x", "NG-1", "y", START, detail)], OLD)
    again, _ = extend(Head.first(0), [Record("x", "NG-1", "y", START, {"a": "1", "b": "2"})], OLD)
    assert entries[0]["hash"] == again[0]["hash"]
