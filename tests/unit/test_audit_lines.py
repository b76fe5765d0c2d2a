"""Acts that wait for their chains: a writer of the database can neither add nor change one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.chassis.security.audit import Head, Key, Keys, Record, extend
from ngao.chassis.security.audit_lines import is_sound, keyed_acts, records_of

AT = datetime(2026, 10, 3, 4, 5, 6, 789_123, UTC)
KEY = Key("2026-10", b"k" * 32)
KEYS = Keys({KEY.period: KEY.secret}, AT)
ACTS = [Record("case.read", "NG-1", "operator:amina", AT, {"reason": "duty"}), Record("case.closed", "NG-2", "system:test", AT)]


def line_of(line_id: str, acts: list[Record], key: Key) -> dict[str, Any]:
    return {"_id": line_id, "to_move": line_id, **keyed_acts(line_id, acts, key)}


def line() -> dict[str, Any]:
    return line_of("00017-0", ACTS, KEY)


def test_a_line_says_the_same_acts_as_were_put_in_it() -> None:
    said = records_of(line())
    assert [(each.action, each.subject, each.actor, each.detail) for each in said] == [
        (each.action, each.subject, each.actor, each.detail) for each in ACTS
    ]
    assert {each.at.microsecond for each in said} == {789_000}, "as MongoDB stores it"
    assert is_sound(line(), KEYS)


CHANGES: dict[str, dict[str, Any]] = {
    "another actor": {"audit": [{**line()["audit"][0], "actor": "operator:baraka"}, line()["audit"][1]]},
    "an act less": {"audit": line()["audit"][:1]},
    "an act more": {"audit": [*line()["audit"], line()["audit"][0]]},
    "another order": {"audit": line()["audit"][::-1]},
    "another id": {"_id": "00018-0", "to_move": "00018-0"},
    "another place in the order": {"to_move": "00001-0"},
    "a period that is not known": {"key": "2027-01"},
    "no period": {"key": None},
    "no hash": {"mac": None},
    "a hash of nothing": {"mac": ""},
    "no acts": {"audit": None},
    "acts that are none": {"audit": [{"at": "yesterday"}]},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_line_that_was_changed_is_not_sound(what: str) -> None:
    assert not is_sound({**line(), **CHANGES[what]}, KEYS)


def test_a_line_of_a_stranger_is_not_sound() -> None:
    assert not is_sound(line_of("00017-0", ACTS, Key(KEY.period, b"s" * 32)), KEYS)


def test_the_hash_of_an_entry_is_not_the_hash_of_a_line() -> None:
    (entry,), _ = extend(Head.first(0), ACTS[:1], KEY)
    forged = {**line_of(entry["_id"], ACTS[:1], KEY), "mac": entry["hash"]}
    assert not is_sound(forged, KEYS)
