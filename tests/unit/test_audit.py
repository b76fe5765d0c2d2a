"""The audit chain: it verifies as written, and finds any change afterwards."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.chassis.security.audit import CHAINS, Broken, Head, Record, Verified, chain_of, extend, extend_all, verify

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def record(subject: str, n: int) -> Record:
    return Record("case.read", subject, f"operator:{n}", START + timedelta(seconds=n), {"reason": "duty", "n": str(n)})


subjects = st.lists(st.sampled_from(["NG-1", "NG-2", "NG-3", "NG-4", "DEF-1"]), min_size=2, max_size=12)


def chains(names: list[str]) -> tuple[list[dict], dict[int, Head]]:
    return extend_all({}, [record(name, n) for n, name in enumerate(names)])


@given(subjects)
def test_what_was_written_verifies(names):
    entries, heads = chains(names)
    assert verify(entries, end=heads) == Verified(len(names), heads)


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
    (forked,), _ = extend(before, [record(was["subject"], 99)])
    assert forked["_id"] == was["_id"], "the store itself refuses a second entry with this number"
    assert isinstance(verify([*entries[: at + 1], forked, *entries[at + 1 :]], end=heads), Broken)
    if entries[-1] is not was:
        assert isinstance(verify([*entries[:at], forked, *entries[at + 1 :]], end=heads), Broken)


@given(subjects)
def test_a_subject_moved_to_another_chain_is_found(names):
    chain = (chain_of(names[0]) + 1) % CHAINS
    entries, _ = extend(Head.first(chain), [record(names[0], 1)])
    assert isinstance(verify(entries), Broken)


def test_the_first_break_is_named():
    entries, _ = extend(Head.first(chain_of("NG-1")), [record("NG-1", n) for n in range(5)])
    entries[2]["actor"] = "operator:nobody"
    assert verify(entries) == Broken(chain_of("NG-1"), 3, "hash")
    assert verify(entries[1:]) == Broken(chain_of("NG-1"), 1, "number")


def test_an_entry_with_a_field_too_many_or_too_few_is_found():
    entries, _ = extend(Head.first(chain_of("NG-1")), [record("NG-1", 1)])
    assert isinstance(verify([{**entries[0], "note": "added"}]), Broken)
    assert isinstance(verify([{name: value for name, value in entries[0].items() if name != "actor"}]), Broken)
    assert isinstance(verify([{}]), Broken)


def test_a_rewritten_history_is_found_by_a_head_noted_earlier():
    subject = "NG-1"
    old, noted = extend(Head.first(chain_of(subject)), [record(subject, n) for n in range(3)])
    new, head = extend(noted, [record(subject, 3)])
    forged, forged_head = extend(Head.first(chain_of(subject)), [record(subject, n + 10) for n in range(4)])
    assert isinstance(verify(forged, end={head.chain: forged_head}), Verified), "alone, it looks sound"
    assert verify(new, start={head.chain: noted}, end={head.chain: head}) == Verified(1, {head.chain: head})
    assert isinstance(verify(forged[3:], start={head.chain: noted}, end={head.chain: forged_head}), Broken)
    assert old[-1]["hash"] == new[0]["previous"]


def test_microseconds_and_zones_that_the_store_does_not_keep_change_nothing():
    exact = Record("case.read", "NG-1", "operator:1", datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC))
    entries, _ = extend(Head.first(chain_of("NG-1")), [exact])
    assert entries[0]["at"].microsecond == 123000
    naive = {**entries[0], "at": entries[0]["at"].replace(tzinfo=None)}
    assert isinstance(verify([naive]), Verified)


def test_subjects_spread_over_all_chains():
    assert {chain_of(f"NG-{n}") for n in range(200)} == set(range(CHAINS))


@pytest.mark.parametrize("detail", [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}])
def test_the_order_of_details_does_not_matter(detail):
    entries, _ = extend(Head.first(0), [Record("x", "NG-1", "y", START, detail)])
    again, _ = extend(Head.first(0), [Record("x", "NG-1", "y", START, {"a": "1", "b": "2"})])
    assert entries[0]["hash"] == again[0]["hash"]
