"""Every place where something could lie in clear, as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from tests.support.addresses import data_folder
from tests.support.coalition import Coalition

Place = tuple[str, Any]
Sink = Callable[[Coalition], Iterator[Place]]
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def found(places: Iterable[Place], patterns: Mapping[bytes, str]) -> list[str]:
    """Where any of the patterns stands, and how it is written there; also how much was searched."""
    hits, searched = [], 0
    for place, content in places:
        searched += len(content)
        hits += [f"{place} ({how})" for pattern, how in patterns.items() if content.find(pattern) >= 0]
    assert searched, "nothing was searched"
    return hits


def service_logs(coalition: Coalition) -> Iterator[Place]:
    """Everything in the world's folder that a service wrote or reads, logs above all."""
    yield from _files(coalition.world.directory.glob("*"))


def partner_logs(coalition: Coalition) -> Iterator[Place]:
    """What partners' processes printed, and what lies beside their accounts."""
    yield from _files((coalition.world.directory / "accounts").rglob("*"))


def mailbox(coalition: Coalition) -> Iterator[Place]:
    """Mail as it was taken."""
    yield from _files(coalition.mail.rglob("*"))


def answers(coalition: Coalition) -> Iterator[Place]:
    """All answers over HTTP, heads and bodies."""
    for service, process in coalition.services.items():
        yield from ((f"answer {at} of {service}", content) for at, content in enumerate(process.answers or ()))


def metrics(coalition: Coalition) -> Iterator[Place]:
    """What Prometheus would read."""
    for service, process in coalition.services.items():
        yield f"/metrics of {service}", process.request("GET", "/metrics")[1]


def documents(coalition: Coalition) -> Iterator[Place]:
    """All documents of all four databases as they are on the wire, and what the oplog says of them."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    for service in coalition.services:
        database = client.get_database(coalition.world.database(service), codec_options=_RAW)
        for name in database.list_collection_names():
            yield from ((f"{service}.{name}", bytes(each.raw)) for each in database[name].find())
    oplog = client["local"].get_collection("oplog.rs", codec_options=_RAW)
    yield from (("oplog", bytes(each.raw)) for each in oplog.find())
    client.close()


def mongo_files(coalition: Coalition) -> Iterator[Place]:
    """The database's files and journal, after a checkpoint."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    client.admin.command("fsync")
    client.close()
    yield from _files((data_folder() / "mongo").rglob("*"))
    yield from _files((data_folder() / "logs").glob("mongod*"))


def broker_files(_: Coalition) -> Iterator[Place]:
    """The broker's files: Mnesia, write-ahead logs and segments of quorum queues, its own logs."""
    yield from _files((data_folder() / "rabbitmq").rglob("*"))
    yield from _files((data_folder() / "logs").glob("rabbitmq*"))


def processes(_: Coalition) -> Iterator[Place]:
    """Command lines and environments of all processes that we may look at."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    yield f"{folder.name}/{name}", (folder / name).read_bytes()
                except OSError:
                    continue


SINKS: dict[str, Sink] = {
    each.__name__: each
    for each in (service_logs, partner_logs, mailbox, answers, metrics, documents, mongo_files, broker_files, processes)
}


def _files(paths: Iterable[Path]) -> Iterator[Place]:
    """Read whole, because `bytes.find` is fast and that of a mapped file is not; without the zeros that journals end with."""
    for path in paths:
        try:
            if path.is_file():
                yield str(path), path.read_bytes().rstrip(b"\0")
        except FileNotFoundError:
            continue  # a segment that the broker has just deleted, or a checkpoint's
