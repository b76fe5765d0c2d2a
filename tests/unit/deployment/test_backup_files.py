"""A backup's file is whole or refused: cut off, altered, put together anew, of another key, of another part."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import bson
import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.seals import new_key_pair
from ngao.deployment.backup import records
from ngao.deployment.backup.records import Collection, Reading
from ngao.deployment.backup.vessel import MAGIC, Reader, Writer
from ngao.deployment.folder import SecretsFolder
from ngao.deployment.making import Wish, make

PRIVATE, PUBLIC = new_key_pair()
DOCUMENTS = [bson.encode({"_id": at, "text": "x" * (at % 700)}) for at in range(9000)]
INDEXES = ({"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"text": 1, "_id": -1}, "name": "both", "unique": True})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two collections, one of them empty, in several pieces."""
    path = tmp_path / "intake.backup"
    collections = [(Collection("reports", {}, INDEXES), iter(DOCUMENTS)), (Collection("sources", {}, ()), iter(()))]
    with Writer(path, PUBLIC, {"part": "intake"}) as writer:
        records.write(writer.write, {"part": "intake", "taken": "2026-11-01T00:00:00+00:00"}, collections)
    return path


def read(path: Path, private: str = PRIVATE) -> tuple[list[Collection], list[bytes]]:
    found = list(Reading(str(path)).records(Reader(path, private).content()))
    return [each for each in found if isinstance(each, Collection)], [each for each in found if isinstance(each, bytes)]


def test_what_was_written_comes_back_as_it_was(file: Path) -> None:
    collections, documents = read(file)
    assert [each.name for each in collections] == ["reports", "sources"]
    assert [dict(each) for each in collections[0].indexes] == list(INDEXES)
    assert list(collections[0].indexes[1]["key"]) == ["text", "_id"]
    assert documents == DOCUMENTS


def test_nothing_of_it_is_in_clear(file: Path) -> None:
    content = file.read_bytes()
    assert b"reports" not in content
    assert zlib.compress(b"x" * 700) not in content
    assert len(content) < sum(map(len, DOCUMENTS)) / 5


def test_two_backups_of_the_same_are_nowhere_alike(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.backup"
    with Writer(other, PUBLIC, {"part": "intake"}) as writer:
        records.write(writer.write, {"part": "intake", "taken": "2026-11-01T00:00:00+00:00"}, [])
    head = len(MAGIC) + 4 + struct.unpack_from(">I", other.read_bytes(), len(MAGIC))[0]
    assert other.read_bytes()[head : head + 24] != file.read_bytes()[head : head + 24]


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
    return content.replace(b'"part": "intake"', b'"part": "notify"', 1)


def _pieces(content: bytes) -> tuple[bytes, list[bytes]]:
    at = len(MAGIC) + 4 + struct.unpack_from(">I", content, len(MAGIC))[0] + 24
    head, found = content[:at], []
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        found.append(content[at : at + 4 + length])
        at += 4 + length
    return head, found


def _empty(_content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_cut, "is cut off"),
        (_without_its_end, "is cut off"),
        (_longer, "is damaged or was altered"),
        (_altered, "is damaged or was altered"),
        (_head_altered, "is damaged or was altered"),
        (_empty, "is no backup of this version of Ngao"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(file: Path, spoil: Callable[[bytes], bytes], says: str) -> None:
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(Misconfigured, match=rf"intake\.backup {says}"):
        read(file)


def test_a_piece_that_is_left_out_or_moved_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "intake.backup"
    with Writer(path, PUBLIC, {}) as writer:
        for at in range(40):
            writer.write(bson.encode({"n": at, "noise": os.urandom(80_000)}))
    head, pieces = _pieces(path.read_bytes())
    assert len(pieces) > 2
    for wrong in ([pieces[1], pieces[0], *pieces[2:]], [pieces[0], *pieces[2:]], pieces[1:]):
        path.write_bytes(head + b"".join(wrong))
        with pytest.raises(Misconfigured, match="is damaged or was altered"):
            list(Reader(path, PRIVATE).content())
    path.write_bytes(head + b"".join(pieces[:-1]))
    with pytest.raises(Misconfigured, match="is cut off"):
        list(Reader(path, PRIVATE).content())


def test_another_key_is_named_by_its_id_and_opens_nothing(file: Path) -> None:
    other, _ = new_key_pair()
    with pytest.raises(Misconfigured, match=r"is sealed to the backup key [0-9a-f]{16}, and the one given is [0-9a-f]{16}\."):
        read(file, other)
    with pytest.raises(Misconfigured, match=r"give `backup\.key` as it was made"):
        read(file, "no key at all")


def test_a_write_that_fails_leaves_a_file_that_nobody_takes_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "intake.backup"
    with pytest.raises(ZeroDivisionError), Writer(path, PUBLIC, {}) as writer:
        writer.write(b"half of it" * (1 // 0))
    with pytest.raises(Misconfigured, match="is cut off"):
        list(Reader(path, PRIVATE).content())


@pytest.mark.parametrize("lost", [0, 100, -1])
def test_a_stream_that_lacks_a_document_is_refused(tmp_path: Path, lost: int) -> None:
    """Sealed rightly and yet not whole, as by a writer with a mistake in it."""
    pieces: list[bytes] = []
    records.write(pieces.append, {"part": "x"}, [(Collection("a", {}, ()), DOCUMENTS[:200])])
    stream = b"".join(pieces)
    frames = list(records._frames([stream], "x"))
    documents = [at for at, (kind, _) in enumerate(frames) if kind == records.DOCUMENT]
    del frames[documents[lost]]
    with pytest.raises(Misconfigured, match="x does not hold what it says it holds"):
        list(Reading("x").records([b"".join(records._framed(*each) for each in frames)]))


def test_a_record_may_come_in_pieces_of_any_length() -> None:
    pieces: list[bytes] = []
    records.write(pieces.append, {"part": "x"}, [(Collection("a", {}, ()), DOCUMENTS[:50])])
    stream = b"".join(pieces)
    for step in (1, 7, len(stream)):
        found = list(Reading("x").records(stream[at : at + step] for at in range(0, len(stream), step)))
        assert found[1:] == DOCUMENTS[:50]
    with pytest.raises(Misconfigured, match="x ends in the middle of a record"):
        list(Reading("x").records([stream[:-1]]))


def test_the_backup_key_is_made_once_and_its_private_half_may_be_taken_away(tmp_path: Path) -> None:
    folder = SecretsFolder(tmp_path / "secrets", give=lambda *_: None)
    make(folder, Wish(tls=False))
    public = folder.read("public", "backup.pub")
    with Writer(tmp_path / "x.backup", public, {}) as writer:
        writer.write(b"kept")
    private = folder.read("backup", "backup.key")
    assert b"".join(Reader(tmp_path / "x.backup", private).content()) == b"kept"
    folder.remove("backup", "backup.key")
    assert make(folder, Wish(tls=False)) == []
    assert folder.read("public", "backup.pub") == public
