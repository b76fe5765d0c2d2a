"""Every place where something could lie in clear, as bytes, and the search through them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from ngao.testing.addresses import data_folder
from ngao.testing.processes import ROOT
from tests.support.coalition import Coalition
from tests.support.markers import Stem, Token

Place = tuple[str, Any]
Sink = Callable[[Coalition], Iterator[Place]]
TAP = "test.tap"
_TAPPED = (("events", "notices"), ("partners", "results", "partner-replies"))
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


@dataclass(frozen=True)
class Hit:
    """One marker found: which kind, where, how it is written there, and the field it was planted in, if that can be read."""

    kind: str
    where: str
    how: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.where} ({self.how}) {self.field}".rstrip()


@dataclass
class Searched:
    """What one place held: how many things, how many bytes, and how often each hit."""

    items: int = 0
    bytes: int = 0
    hits: Counter[Hit] = field(default_factory=Counter)

    def of(self, token: Token) -> list[str]:
        """Where a token's markers stand."""
        return sorted(str(hit) for hit in self.hits if hit.kind == token.kind)


class Search:
    """Looks for the stem, because all tokens of a run share it; then tells whose it is. One pass for all of them."""

    def __init__(self, stem: Stem, tokens: Sequence[Token]) -> None:
        assert all(token.stem == stem for token in tokens)
        self._stem = stem.patterns()
        self._whole = {pattern: [_whole(pattern, token) for token in tokens] for pattern in self._stem}

    def through(self, places: Iterable[Place]) -> Searched:
        """Search some places."""
        searched = Searched()
        for where, content in places:
            searched.items += 1
            searched.bytes += len(content)
            for pattern, how in self._stem.items():
                for at in _all(content, pattern):
                    searched.hits[self._hit(content, at, pattern, where, how)] += 1
        return searched

    def _hit(self, content: bytes, at: int, pattern: bytes, where: str, how: str) -> Hit:
        for token, wholes in self._whole[pattern]:
            if any(content.startswith(whole, at - before) for whole, before in wholes):
                return Hit(token.kind, where, how, _field(token, content[at + len(pattern) + 1 : at + len(pattern) + 4], how))
        return Hit("?", where, how)


def _whole(stem: bytes, token: Token) -> tuple[Token, list[tuple[bytes, int]]]:
    """The token's own patterns around one of the stem's, with how many bytes come before the stem in each."""
    return token, [(each, each.find(stem)) for each in token.patterns() if stem in each]


def _all(content: bytes, pattern: bytes) -> Iterator[int]:
    at = content.find(pattern)
    while at >= 0:
        yield at
        at = content.find(pattern, at + len(pattern))


def _field(token: Token, number: bytes, how: str) -> str:
    names = list(token.fields)
    at = int(number) if how == "as it is" and number.isdigit() else len(names)
    return names[at] if at < len(names) else ""


def tap(coalition: Coalition) -> None:
    """Have a copy of all that is said kept, inside and on the edge."""
    world = coalition.world
    for vhost, line, exchanges in zip((world.vhost, world.edge_vhost), _lines(coalition), _TAPPED, strict=True):
        coalition.management.put("queues", vhost, TAP, body={"durable": True, "arguments": {"x-queue-type": "quorum"}})
        for exchange in exchanges:
            line.bind(TAP, exchange, "#")


def said(coalition: Coalition) -> Iterator[Place]:
    """Every message that went to a service, a partner or a source, as it was on the wire."""
    for line in _lines(coalition):
        for properties, body in line.take(TAP):
            yield f"message {properties.message_id}", str(properties.headers).encode() + body


def service_files(coalition: Coalition) -> Iterator[Place]:
    """Logs, settings, keys: everything in the services' folder."""
    folder = coalition.world.directory
    left_out = (folder / "accounts", coalition.mail)
    yield from _files(coalition, (each for each in folder.rglob("*") if not any(each.is_relative_to(one) for one in left_out)))


def outsiders_files(coalition: Coalition) -> Iterator[Place]:
    """What partners and sources printed, noted and keep beside their accounts."""
    yield from _files(coalition, (coalition.world.directory / "accounts").rglob("*"))


def mail(coalition: Coalition) -> Iterator[Place]:
    """Letters as the mail server took them, but for the lines that say to whom each goes: a person's own address is one."""
    for name, content in _files(coalition, coalition.mail.rglob("*")):
        yield name, b"\n".join(line for line in content.split(b"\n") if not line.startswith((b"To: ", b"X-RcptTo: ")))


def answers(coalition: Coalition) -> Iterator[Place]:
    """All answers over HTTP, heads and bodies."""
    for service, process in coalition.services.items():
        yield from ((f"answer {at} of {service}", content) for at, content in enumerate(process.answers or ()))


def metrics(coalition: Coalition) -> Iterator[Place]:
    """What Prometheus would read."""
    for service, process in coalition.services.items():
        yield f"/metrics of {service}", process.request("GET", "/metrics")[1]


def documents(coalition: Coalition) -> Iterator[Place]:
    """All documents of all databases as they are on the wire, and what the oplog says of them."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    own = f"test_{coalition.world.name}_".encode()
    for service in coalition.services:
        database = client.get_database(coalition.world.database(service), codec_options=_RAW)
        for name in database.list_collection_names():
            yield from ((f"{service}.{name}", bytes(each.raw)) for each in database[name].find())
    oplog = client["local"].get_collection("oplog.rs", codec_options=_RAW)
    yield from (("oplog", content) for each in oplog.find() if own in (content := bytes(each.raw)))
    client.close()


def _below(folder: Path) -> Iterator[Path]:
    """Every file below a folder. A folder that its program has removed meanwhile holds nothing; any other error is one."""

    def gone(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for at, _, names in os.walk(folder, onerror=gone):
        yield from (Path(at) / name for name in names)


def database_files(coalition: Coalition) -> Iterator[Place]:
    """The database's files and journal, after a checkpoint, and its log."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    client.admin.command("fsync")
    client.close()
    yield from _files(coalition, _below(data_folder() / "mongo"))
    yield from _files(coalition, (data_folder() / "logs").glob("mongod*"))


def broker_files(coalition: Coalition) -> Iterator[Place]:
    """The broker's files: Mnesia, write-ahead logs and segments of quorum queues, its own logs."""
    yield from _files(coalition, _below(data_folder() / "rabbitmq"))
    yield from _files(coalition, (data_folder() / "logs").glob("rabbitmq*"))


def processes(_: Coalition) -> Iterator[Place]:
    """Command lines and environments of all processes that we may look at."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    yield f"{folder.name}/{name}", (folder / name).read_bytes()
                except OSError:
                    continue


def temporary(coalition: Coalition) -> Iterator[Place]:
    """Temporary files, and the memory that a crash leaves in the folder a process runs in."""
    yield from _files(coalition, coalition.temporary.rglob("*"))
    dumps = (each for each in _below(data_folder()) if each.name.startswith("core") or each.suffix == ".dump")
    yield from _files(coalition, chain(ROOT.glob("core*"), dumps))


SINKS: dict[str, Sink] = {
    each.__name__: each
    for each in (
        service_files, outsiders_files, mail, answers, said, metrics, documents, database_files, broker_files, processes,
        temporary,
    )
}
SENT_IN_CLEAR = frozenset({"broker_files"})
"""Where lies what outsiders send in clear to the broker, until its segments are written anew: the security model says so."""


def _lines(coalition: Coalition) -> tuple[Any, Any]:
    return coalition.line, coalition.edge_line


def _files(coalition: Coalition, paths: Iterable[Path]) -> Iterator[Place]:
    """Files written since the run began: whole, because `bytes.find` is fast and that of a mapped file is not.

    Without the zeros that journals end with.
    """
    for path in paths:
        try:
            if path.is_file() and path.stat().st_mtime >= coalition.began:
                yield str(path), path.read_bytes().rstrip(b"\0")
        except FileNotFoundError:
            continue  # a segment that the broker has just deleted, or a checkpoint's
