"""The files that pages refer to, each under an address with its hash, so that browsers keep it and never a stale one.

A library of another package is not in this repository. A file `<name>.library` in a feature's assets says where in the folder of
libraries it is, and the digest of the one that was read and tested: another one is not served.

They are compressed once, when the process begins; pages each time (`compressing`).
"""

from __future__ import annotations

import gzip
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort, request

from ngao.chassis.observability.logs import get_logger

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"
_LIBRARY = ".library"
_READ = {*_TYPES, _LIBRARY}
_log = get_logger(__name__)


@dataclass(frozen=True)
class _Asset:
    """One file, as it was when the process began."""

    content: bytes
    compressed: bytes
    media_type: str
    digest: str


class Assets:
    """All files of these folders, and the libraries that they name. The scripts of a folder inside (`staff`) are one file.

    Raises TypeError for two of one name.
    """

    def __init__(self, folders: Iterable[Path], libraries: Path) -> None:
        self._files: dict[str, _Asset] = {}
        for path in sorted(each for folder in folders for each in folder.iterdir() if each.is_dir() or each.suffix in _READ):
            name = f"{path.name}.js" if path.is_dir() else path.name.removesuffix(_LIBRARY)
            if name in self._files:
                raise TypeError(f"{path}: another asset has this name")
            content = _library(path, libraries) if path.suffix == _LIBRARY else _read(path)
            if content is not None:
                self._files[name] = _asset(name, content)

    def address(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for one that does not exist."""
        return f"/assets/{self._files[name].digest}/{name}"

    def library(self, name: str) -> str:
        """Return the address of a library; empty if it is not installed, or not the one that was tested."""
        return self.address(name) if name in self._files else ""

    def show(self, digest: str, name: str) -> Response:
        """Return a file, if the address is the one of its present content."""
        asset = self._files.get(name)
        if asset is None or asset.digest != digest:
            abort(404)
        headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}
        if not request.accept_encodings.quality("gzip"):
            return Response(asset.content, content_type=asset.media_type, headers=headers)
        return Response(asset.compressed, content_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})


def _asset(name: str, content: bytes) -> _Asset:
    digest = hashlib.sha256(content).hexdigest()[:16]
    return _Asset(content, gzip.compress(content, mtime=0), _TYPES[Path(name).suffix], digest)


def _read(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in (sorted(path.glob("*.js")) if path.is_dir() else [path]))


def _library(declared: Path, libraries: Path) -> bytes | None:
    """Return the library that a file declares, or None; why not is in the log."""
    wanted = tomllib.loads(declared.read_text("utf-8"))
    try:
        content: bytes = (libraries / wanted["path"]).read_bytes()
    except OSError:
        _log.warning("library.missing", library=declared.stem)
        return None
    if hashlib.sha256(content).hexdigest() != wanted["sha256"]:
        _log.warning("library.differs", library=declared.stem)
        return None
    return content
