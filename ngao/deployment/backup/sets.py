"""A backup of the whole platform: a folder with a sealed file for each part, and a manifest that names them with their hashes.

    ngao-20260301T080000Z/    manifest.json  intake.backup  registry.backup  ...  outsiders.backup

The folder has another name until all of it is on disk. The manifest is in clear and says little that the files' sizes do not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson

from ngao.chassis.errors import Misconfigured, NotAllowedNow, Unavailable
from ngao.chassis.settings import StoreSettings
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.backup import sealed_file
from ngao.deployment.backup.records import Collection, Reading, Tally, written
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.snapshot import Snapshot, leave_mark

OUTSIDERS = "outsiders"
"""The part that is the broker's."""

_TELL_EVERY = 20_000
_MANIFEST, _FORMAT = "manifest.json", 2
_FIRST = ("console", "notify", "referral", "registry", "intake")
"""Subscribers before publishers: an event between two snapshots is then published again, and never handled without its cause."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One file of a backup, as its manifest names it."""

    name: str
    file: str
    size: int
    sha256: str
    taken: str
    documents: int

    @property
    def moment(self) -> datetime:
        """The time of the part's snapshot."""
        return datetime.fromisoformat(self.taken)


@dataclass(frozen=True)
class Sources:
    """The content of a backup: the stores of these services, and the outsiders' accounts and queues, where they are known."""

    stores: Mapping[str, StoreSettings]
    outsiders: Mapping[str, Any] | None


def take(to: Path, sources: Sources, public_key: str, *, progress: Progress, now: datetime) -> tuple[Path, list[Part]]:
    """Make a backup, and return its folder and parts. Raises Misconfigured, Unavailable, and leaves no files then."""
    final = to / f"ngao-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    draft = to / f".{final.name}.{os.getpid()}"
    if final.exists():
        raise NotAllowedNow(f"There is a backup of this second in {final} already.")
    draft.mkdir(mode=0o700, parents=True)
    try:
        parts = _take_all(draft, sources, public_key, progress, now)
        manifest = {"format": _FORMAT, "made_at": now.isoformat(), "sealed_to": sealed_file.key_id(public_key)}
        manifest["parts"] = [vars(part) for part in parts]
        write_whole(draft / _MANIFEST, json.dumps(manifest, indent=2) + "\n")
        _sync(draft)
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _leave_marks(parts, sources.stores, progress)
    return final, parts


def _leave_marks(parts: Iterable[Part], stores: Mapping[str, StoreSettings], progress: Progress) -> None:
    """Let each store know of its backup, which is whole even where that fails."""
    for part in parts:
        if part.name in stores:
            try:
                leave_mark(stores[part.name], part.moment)
            except (Misconfigured, Unavailable) as error:
                progress(f"{part.name}: backed up, but the store does not know it, and will be reported as late. {error}")


def _take_all(draft: Path, sources: Sources, public_key: str, progress: Progress, now: datetime) -> list[Part]:
    parts = []
    with ExitStack() as opened:
        snapshots = _open_all(sources.stores, opened)
        if sources.outsiders is not None:
            about = {"part": OUTSIDERS, "taken": now.isoformat()}
            content = [(Collection(OUTSIDERS, {}, ()), [bson.encode(dict(sources.outsiders))])]
            parts.append(_write(draft, about, content, public_key))
            progress(f"{OUTSIDERS}: {len(sources.outsiders['users'])} accounts")
        for service, snapshot in snapshots.items():
            about = {"part": service, "taken": snapshot.at.isoformat(), "database": snapshot.database}
            parts.append(_write(draft, about, snapshot.collections(), public_key))
            progress(f"{service}: {parts[-1].documents} documents as of {parts[-1].taken}, {parts[-1].size / 1e6:.1f} MB")
    return parts


def _open_all(stores: Mapping[str, StoreSettings], opened: ExitStack) -> dict[str, Snapshot]:
    """Open all snapshots before any is read; databases of one server get the same snapshot time."""
    found: dict[str, Snapshot] = {}
    moments: dict[str, Any] = {}
    for service in sorted(stores, key=_FIRST.index):
        hosts = stores[service].hosts
        found[service] = Snapshot.open(stores[service], moments.get(hosts))
        opened.callback(found[service].client.close)
        moments[hosts] = found[service].taken
    return found


def _write(
    folder: Path, about: Mapping[str, str], collections: Iterable[tuple[Collection, Iterable[bytes]]], public_key: str
) -> Part:
    path, tally = folder / f"{about['part']}.backup", Tally()
    sealed_file.write(path, public_key, written(tally, about, collections))
    return Part(about["part"], path.name, *_hash(path), about["taken"], sum(tally.counts.values()))


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class Backup:
    """An existing backup, and the private key that opens it."""

    folder: Path
    parts: Mapping[str, Part]
    private_key: str

    @classmethod
    def at(cls, folder: Path, private_key: str) -> Backup:
        """Read the manifest. Raises Misconfigured."""
        try:
            manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
            if manifest["format"] != _FORMAT:
                way_out = "this version of Ngao cannot read it: restore it with the version that made it"
                raise Misconfigured(f"{folder} is a backup of format {manifest['format']}, and {way_out}.")
            wanted, parts = str(manifest["sealed_to"]), {each["name"]: Part(**each) for each in manifest["parts"]}
        except OSError as error:
            raise Misconfigured(f"{folder} is no backup: {_MANIFEST} cannot be read ({error.strerror}).") from None
        except (ValueError, KeyError, TypeError):
            raise Misconfigured(f"{folder} is no backup: its {_MANIFEST} was altered or is damaged.") from None
        if wanted != (ours := sealed_file.key_id(sealed_file.public_of(private_key))):
            raise Misconfigured(f"{folder} is sealed to the backup key {wanted}, and the one given is {ours}.")
        return cls(folder, parts, private_key)

    def chosen(self, names: Sequence[str]) -> list[Part]:
        """Return these parts. Raises Misconfigured for one that is not in the backup."""
        missing = [name for name in names if name not in self.parts]
        if missing:
            raise Misconfigured(f"The backup {self.folder} has no {missing[0]}; it has {', '.join(sorted(self.parts))}.")
        return [self.parts[name] for name in names]

    def verify(self, part: Part, *, now: datetime) -> None:
        """Read a part to its end and verify it. Raises Misconfigured, naming the file."""
        path = self.folder / part.file
        if path.parent != self.folder or _hash(path) != (part.size, part.sha256):
            raise Misconfigured(f"{path} is not the file that the manifest names: it is cut off, altered, or another's.")
        reading = Reading(str(path))
        for _ in reading.records(sealed_file.read(path, self.private_key)):
            pass
        if (reading.about.get("part"), reading.about.get("taken")) != (part.name, part.taken):
            is_of = reading.about.get("part")
            raise Misconfigured(f"{path} is a backup of {is_of}, and the manifest calls it {part.name}: take another backup.")
        if sum(reading.tally.counts.values()) != part.documents:
            raise Misconfigured(f"{path} has another number of documents than the manifest says: take another backup.")
        if part.moment > now + timedelta(minutes=5):  # one of the two clocks is wrong, and the floors of numbers would be, too
            raise Misconfigured("The backup says it was taken in the future: set this machine's clock right first.")

    def outsiders(self) -> dict[str, Any]:
        """Return the outsiders' accounts and queues. Call `verify` for the part first."""
        *_, document = self._records(self.parts[OUTSIDERS])
        return dict(bson.decode(document)) if isinstance(document, bytes) else {}

    def fill(self, part: Part, target: Target, *, progress: Progress, now: datetime) -> int:
        """Write a verified part into its database, and return the number of documents."""
        last = 0

        def count(written: int) -> None:
            nonlocal last
            if written - last >= _TELL_EVERY:
                last = written
                progress(f"{part.name}: {written} of {part.documents} documents")

        return target.fill(self._records(part), part.moment, progress=count, now=now)

    def _records(self, part: Part) -> Iterator[Collection | bytes]:
        path = self.folder / part.file
        return Reading(str(path)).records(sealed_file.read(path, self.private_key))


def _hash(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read ({error.strerror}): the backup is not whole.") from None
