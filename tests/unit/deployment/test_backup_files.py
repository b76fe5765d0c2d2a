"""A backup's file is whole or refused: cut off, altered, put together anew, of another key, of another part."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import bson
import pyrage
import pytest

from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.deployment.backup import records, sealed_file, sets
from ngao.deployment.backup.records import Collection, Reading, Tally
from ngao.deployment.init_secrets import make
from ngao.deployment.naming import SERVICES
from ngao.deployment.secrets_folder import SecretsFolder

PRIVATE = sealed_file.new_key()
PUBLIC = sealed_file.public_of(PRIVATE)
DOCUMENTS = [bson.encode({"_id": at, "text": "x" * (at % 700)}) for at in range(9000)]
INDEXES = ({"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"text": 1, "_id": -1}, "name": "both", "unique": True})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two collections, one of them empty, in several pieces."""
    collections = [(Collection("reports", {}, INDEXES), iter(DOCUMENTS)), (Collection("sources", {}, ()), iter(()))]
    return write(tmp_path, records.written(Tally(), {"part": "intake", "taken": "2026-11-01T00:00:00+00:00"}, collections))


def write(folder: Path, content: Iterable[bytes]) -> Path:
    path = folder / "intake.backup"
    sealed_file.write(path, PUBLIC, content)
    return path


def read(path: Path, private: str = PRIVATE) -> tuple[list[Collection], list[bytes]]:
    found = list(Reading(str(path)).records(sealed_file.read(path, private)))
    return [each for each in found if isinstance(each, Collection)], [each for each in found if isinstance(each, bytes)]


def test_what_was_written_comes_back_as_it_was(file: Path) -> None:
    collections, documents = read(file)
    assert [each.name for each in collections] == ["reports", "sources"]
    assert [dict(each) for each in collections[0].indexes] == list(INDEXES)
    assert list(collections[0].indexes[1]["key"]) == ["text", "_id"]
    assert documents == DOCUMENTS


def test_age_and_gunzip_open_it_without_us(file: Path) -> None:
    opened = gzip.decompress(pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(PRIVATE)]))
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert [body for kind, body in records._frames([opened], "x") if kind == records.DOCUMENT] == DOCUMENTS


def test_each_service_has_its_place_in_the_order_of_the_moments() -> None:
    assert sorted(sets._FIRST) == sorted(SERVICES)


def test_nothing_of_it_is_in_clear(file: Path) -> None:
    content = file.read_bytes()
    assert b"reports" not in content
    assert zlib.compress(b"x" * 700) not in content
    assert len(content) < sum(map(len, DOCUMENTS)) / 5
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_backups_of_the_same_are_nowhere_alike(tmp_path: Path) -> None:
    heads, bodies = [], []
    for _ in range(2):
        head, body = _parts(write(tmp_path, [b"the same"]).read_bytes())
        heads.append(head)
        bodies.append(body)
    assert heads[0] != heads[1]
    assert bodies[0][:16] != bodies[1][:16]


def _parts(content: bytes) -> tuple[bytes, bytes]:
    """The head, up to its authentication code, and what follows: a nonce, then pieces of 64 KiB with 16 bytes each."""
    at = content.index(b"\n", content.index(b"\n--- ") + 1) + 1
    return content[:at], content[at:]


def _cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def _without_its_end(content: bytes) -> bytes:
    return content[:-1]


def _longer(content: bytes) -> bytes:
    return content + b"\0"


def _altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _head_altered(content: bytes) -> bytes:
    code = content.index(b"\n--- ") + 5
    return content[:code] + (b"B" if content[code : code + 1] == b"A" else b"A") + content[code + 1 :]


def _head_alone(content: bytes) -> bytes:
    return _parts(content)[0]


def _empty(_content: bytes) -> bytes:
    return b""


def _version_before(content: bytes) -> bytes:
    return b"NGAO-BACKUP-1\n" + content


@pytest.mark.parametrize(
    "spoil", [_cut, _without_its_end, _longer, _altered, _head_altered, _head_alone, _empty, _version_before]
)
def test_a_file_that_is_not_as_it_was_written_is_refused(file: Path, spoil: Callable[[bytes], bytes]) -> None:
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(Misconfigured, match=r"intake\.backup is cut off, damaged or was altered"):
        read(file)


def test_a_piece_that_is_left_out_or_moved_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, (os.urandom(80_000) for _ in range(4)))
    head, body = _parts(path.read_bytes())
    size = 64 * 1024 + 16
    nonce, pieces = body[:16], [body[at : at + size] for at in range(16, len(body), size)]
    assert len(pieces) > 2
    for wrong in ([pieces[1], pieces[0], *pieces[2:]], [pieces[0], *pieces[2:]], pieces[1:], pieces[:-1]):
        path.write_bytes(head + nonce + b"".join(wrong))
        with pytest.raises(Misconfigured, match="is cut off, damaged or was altered"):
            list(sealed_file.read(path, PRIVATE))


def test_what_is_sealed_rightly_and_not_packed_whole_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "intake.backup"
    whole = gzip.compress(b"content")
    for content in (whole[:-1], whole + b"more", whole + os.urandom(300_000), b"not packed", b""):
        path.write_bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(PUBLIC)]))
        with pytest.raises(Misconfigured, match="is cut off, damaged or was altered"):
            list(sealed_file.read(path, PRIVATE))


def test_another_key_opens_nothing(file: Path) -> None:
    with pytest.raises(Misconfigured, match=r"intake\.backup is sealed to another key than the one given"):
        read(file, sealed_file.new_key())


@pytest.mark.parametrize("key", ["no key at all", "mXq3hKFa0Z6cDqnPZtD1bLh0F9mJm4xN1v3h9m6h0Hk="])
def test_a_key_that_is_none_of_age_is_refused_with_the_way_out(file: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(Misconfigured, match=r"give `backup\.key` as it was made\. If it is of an earlier version"):
        read(file, key)
    with pytest.raises(Misconfigured, match=r"`backup\.pub` is no public key of age\. If it is of an earlier version"):
        sealed_file.write(tmp_path / "new.backup", key, [])
    assert not (tmp_path / "new.backup").exists()


def test_who_reads_no_further_leaves_nothing_running(file: Path) -> None:
    before = set(threading.enumerate())
    content = sealed_file.read(file, PRIVATE)
    assert next(content)
    content.close()
    assert set(threading.enumerate()) - before == set()


def test_a_write_that_fails_says_why_and_leaves_a_file_that_nobody_takes_for_whole(tmp_path: Path) -> None:
    def broken_off() -> Iterator[bytes]:
        yield os.urandom(300_000)
        raise Unavailable("the store broke off")

    with pytest.raises(Unavailable, match="the store broke off"):
        write(tmp_path, broken_off())
    with pytest.raises(Misconfigured, match="is cut off, damaged or was altered"):
        list(sealed_file.read(tmp_path / "intake.backup", PRIVATE))


@pytest.mark.parametrize("lost", [0, 100, -1])
def test_a_stream_that_lacks_a_document_is_refused(tmp_path: Path, lost: int) -> None:
    """Sealed rightly and yet not whole, as by a writer with a mistake in it."""
    stream = b"".join(records.written(Tally(), {"part": "x"}, [(Collection("a", {}, ()), DOCUMENTS[:200])]))
    frames = list(records._frames([stream], "x"))
    documents = [at for at, (kind, _) in enumerate(frames) if kind == records.DOCUMENT]
    del frames[documents[lost]]
    with pytest.raises(Misconfigured, match="x does not hold what it says it holds"):
        list(Reading("x").records([b"".join(records._framed(*each) for each in frames)]))


def test_a_record_may_come_in_pieces_of_any_length() -> None:
    stream = b"".join(records.written(Tally(), {"part": "x"}, [(Collection("a", {}, ()), DOCUMENTS[:50])]))
    for step in (1, 7, len(stream)):
        found = list(Reading("x").records(stream[at : at + step] for at in range(0, len(stream), step)))
        assert found[1:] == DOCUMENTS[:50]
    with pytest.raises(Misconfigured, match="x ends in the middle of a record"):
        list(Reading("x").records([stream[:-1]]))


def test_the_backup_key_is_made_once_and_its_private_half_may_be_taken_away(tmp_path: Path) -> None:
    folder = SecretsFolder(tmp_path / "secrets", give=lambda *_: None)
    make(folder, tls=False)
    public = folder.read("public", "backup.pub")
    sealed_file.write(tmp_path / "x.backup", public, [b"kept"])
    private = folder.read("backup", "backup.key")
    assert b"".join(sealed_file.read(tmp_path / "x.backup", private)) == b"kept"
    folder.remove("backup", "backup.key")
    assert make(folder, tls=False) == []
    assert folder.read("public", "backup.pub") == public
