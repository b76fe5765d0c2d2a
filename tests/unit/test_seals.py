"""Boxes for one recipient, and the files that hold the keys."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from ngao.chassis.errors import InvalidInput, Misconfigured, SealBroken
from ngao.chassis.security import keyfiles, seals
from ngao.deployment import first_keys


def test_a_box_opens_with_the_private_key_it_was_made_for():
    private, public = seals.new_key_pair()
    assert seals.open_box(private, seals.seal_to(public, b"call after six")) == b"call after six"


def test_a_box_does_not_open_with_another_key():
    box = seals.seal_to(seals.new_key_pair()[1], b"call after six")
    with pytest.raises(SealBroken):
        seals.open_box(seals.new_key_pair()[0], box)


def test_two_boxes_of_the_same_words_have_nothing_in_common():
    _, public = seals.new_key_pair()
    one, two = (b64decode(seals.seal_to(public, b"call after six")) for _ in range(2))
    assert one[:32] != two[:32]
    assert one[32:] != two[32:]


@pytest.mark.parametrize("at", [0, 31, 32, 47, -1])
def test_a_box_altered_by_one_bit_does_not_open(at):
    private, public = seals.new_key_pair()
    box = bytearray(b64decode(seals.seal_to(public, b"call after six")))
    box[at] ^= 1
    with pytest.raises(SealBroken):
        seals.open_box(private, b64encode(bytes(box)).decode())


@pytest.mark.parametrize("box", ["", "not base64!", "AAAA", "é"])
def test_what_is_no_box_is_a_broken_seal_and_never_another_error(box):
    with pytest.raises(SealBroken):
        seals.open_box(seals.new_key_pair()[0], box)


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!"])
def test_what_is_no_public_key_is_refused(key):
    with pytest.raises(InvalidInput):
        seals.seal_to(key, b"")


def test_a_key_id_is_the_same_for_the_same_key_and_different_for_others():
    private, public = seals.new_key_pair()
    assert seals.key_id(public) == seals.key_id(seals.public_of(private))
    assert seals.key_id(public) != seals.key_id(seals.new_key_pair()[1])
    assert len(seals.key_id(public)) == 16


def test_service_keys_are_made_once_private_and_newest_last(tmp_path):
    folder = tmp_path / "intake"
    first_keys.init_service_keys(folder, "2026-11")
    first = keyfiles.load_keks(folder)
    lookup = keyfiles.load_lookup(folder)
    first_keys.init_service_keys(folder, "2026-11")
    first_keys.init_service_keys(folder, "2026-12")
    later = keyfiles.load_keks(folder)
    assert later["2026-11"] == first["2026-11"]
    assert max(later) == "2026-12"
    assert keyfiles.load_lookup(folder) == lookup
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit-2026-11.key", "audit.since", "kek-2026-11.key", "kek-2026-12.key", "lookup.key"
    ]  # fmt: skip


def test_what_is_sealed_to_the_active_public_key_opens_with_the_private_keys(tmp_path):
    for period in ("2026-10", "2026-11"):
        first_keys.init_sealing_pair(tmp_path / "registry", tmp_path / "public", period, owner="registry")
    key_id, public = keyfiles.active_public(tmp_path / "public", "registry")
    private = keyfiles.load_private(tmp_path / "registry")
    assert len(private) == 2
    assert seals.open_box(private[key_id], seals.seal_to(public, b"x")) == b"x"
    assert public in (tmp_path / "public" / "registry-2026-11.pub").read_text()


def test_a_lost_public_file_is_made_again_from_its_private_one(tmp_path):
    first_keys.init_sealing_pair(tmp_path / "registry", tmp_path / "public", "2026-11", owner="registry")
    before = keyfiles.active_public(tmp_path / "public", "registry")
    (tmp_path / "public" / "registry-2026-11.pub").unlink()
    first_keys.init_sealing_pair(tmp_path / "registry", tmp_path / "public", "2026-11", owner="registry")
    assert keyfiles.active_public(tmp_path / "public", "registry") == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_reach_stops_the_start(tmp_path, mode):
    first_keys.init_service_keys(tmp_path, "2026-11")
    first_keys.init_sealing_pair(tmp_path, tmp_path / "public", "2026-11", owner="registry")
    for name, load in (
        ("kek-2026-11.key", keyfiles.load_keks),
        ("lookup.key", keyfiles.load_lookup),
        ("sealing-2026-11.key", keyfiles.load_private),
    ):
        (tmp_path / name).chmod(mode)
        with pytest.raises(Misconfigured, match="chmod 600"):
            load(tmp_path)


def test_missing_keys_stop_the_start_with_a_way_out(tmp_path):
    for load in (keyfiles.load_keks, keyfiles.load_lookup, keyfiles.load_private):
        with pytest.raises(Misconfigured, match="ngao keys init"):
            load(tmp_path)
    with pytest.raises(Misconfigured, match="ngao keys init"):
        keyfiles.active_public(tmp_path, "registry")


@pytest.mark.parametrize("content", ["", "c2hvcnQ=", "?" * 44, "\u00e9"])
@pytest.mark.parametrize(("name", "load"), [("kek-2026-11.key", keyfiles.load_keks), ("lookup.key", keyfiles.load_lookup)])
def test_a_key_file_without_a_key_is_named_and_not_shown(tmp_path, content, name, load):
    path = tmp_path / name
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="does not hold 32 bytes") as caught:
        load(tmp_path)
    assert not content or content not in str(caught.value)


@pytest.mark.parametrize("period", ["2026", "2026-13", "2026-1", "../2026-11"])
def test_a_period_is_a_year_and_a_month(tmp_path, period):
    with pytest.raises(Misconfigured):
        first_keys.init_service_keys(tmp_path, period)
