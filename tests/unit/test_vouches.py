"""A partner's keys are believed for what operators signed, and for nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security import seals, signing
from ngao.chassis.security.vouches import NotBelieved, Pin, RecipientKeys, Statement, Vouch, judge
from ngao.chassis.storage.recipients import onboarding_keys

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def box_key() -> str:
    return seals.new_key_pair()[1]


def signing_key() -> str:
    return signing.public_of(signing.new_key())


BOX, SIGNING = box_key(), signing_key()
ONE, TWO, STRANGER = signing.new_key(), signing.new_key(), signing.new_key()


def trusted(*privates: str) -> dict[str, str]:
    publics = [signing.public_of(each) for each in privates]
    return {signing.key_id(each): each for each in publics}


def vouch(*by: str, who: str = "clinic", box: str = BOX, sign: str | None = SIGNING, at: datetime = NOW) -> str:
    made = Vouch.new(Statement(who, box, sign, at))
    for private in by:
        made = made.signed(private)
    return made.write()


def pinned(written: str) -> Pin:
    found = judge(written, "clinic", None, trusted(ONE))
    assert isinstance(found, RecipientKeys)
    return found.pin


def test_what_an_onboarding_key_signed_is_believed() -> None:
    found = judge(vouch(ONE), "clinic", None, trusted(ONE, TWO))
    assert isinstance(found, RecipientKeys)
    assert (found.box_key, found.signing_key) == (BOX, SIGNING)
    assert found.key_id == seals.key_id(BOX)


@pytest.mark.parametrize("written", [
    None, "", "{}", "[]", "no json", "null", "x" * 5000, vouch(), vouch(STRANGER), vouch(ONE, who="lawyer"),
    vouch(ONE).replace(BOX, box_key()), '{"statement":"{}","signatures":[]}', '{"statement":1,"signatures":[]}',
    '{"statement":"' + "[" * 3000 + '","signatures":[]}',
], ids=range(14))
def test_what_nobody_trusted_signed_for_this_partner_is_not(written: str | None) -> None:
    assert judge(written, "clinic", None, trusted(ONE)) is NotBelieved.NOT_VOUCHED


def test_a_signature_under_another_key_is_none() -> None:
    forged = json.loads(vouch(STRANGER))
    forged["signatures"][0]["key_id"] = signing.key_id(signing.public_of(ONE))
    assert judge(json.dumps(forged), "clinic", None, trusted(ONE)) is NotBelieved.NOT_VOUCHED


def test_the_same_keys_need_no_second_signature() -> None:
    pin = pinned(vouch(ONE))
    assert isinstance(judge(vouch(TWO, at=NOW + timedelta(days=1)), "clinic", pin, trusted(ONE, TWO)), RecipientKeys)
    assert isinstance(judge(vouch(ONE), "clinic", pin, trusted(ONE, TWO)), RecipientKeys)


@pytest.mark.parametrize(
    "changed", [{"box": box_key()}, {"sign": signing_key()}, {"sign": None}], ids=["box", "signing", "taken"]
)
def test_a_changed_key_needs_two_operators_where_there_are_two(changed: dict[str, str | None]) -> None:
    pin, later = pinned(vouch(ONE)), NOW + timedelta(days=1)
    assert judge(vouch(ONE, at=later, **changed), "clinic", pin, trusted(ONE, TWO)) is NotBelieved.CHANGED  # type: ignore[arg-type]
    twice = vouch(ONE, ONE, STRANGER, at=later, **changed)  # type: ignore[arg-type]
    assert judge(twice, "clinic", pin, trusted(ONE, TWO)) is NotBelieved.CHANGED
    both = vouch(ONE, TWO, at=later, **changed)  # type: ignore[arg-type]
    assert isinstance(judge(both, "clinic", pin, trusted(ONE, TWO)), RecipientKeys)


def test_with_a_single_onboarding_key_one_operator_changes_a_key() -> None:
    later = vouch(ONE, box=box_key(), at=NOW + timedelta(days=1))
    assert isinstance(judge(later, "clinic", pinned(vouch(ONE)), trusted(ONE)), RecipientKeys)


def test_keys_that_were_replaced_do_not_come_back() -> None:
    old = vouch(ONE, TWO, box=box_key(), at=NOW - timedelta(days=1))
    assert judge(old, "clinic", pinned(vouch(ONE)), trusted(ONE, TWO)) is NotBelieved.OUTDATED


def test_what_is_no_key_is_not_vouched_for() -> None:
    with pytest.raises(InvalidInput):
        Vouch.new(Statement("clinic", "no key", None, NOW))


def test_a_new_onboarding_key_counts_without_a_restart(tmp_path: Path) -> None:
    known = onboarding_keys(tmp_path)
    assert judge(vouch(ONE), "clinic", None, known.value()) is NotBelieved.NOT_VOUCHED
    (tmp_path / "onboarding-desk.pub").write_text(signing.public_of(ONE) + "\n")
    assert isinstance(judge(vouch(ONE), "clinic", None, known.value(older_than=0)), RecipientKeys)
