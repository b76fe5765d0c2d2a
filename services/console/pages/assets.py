"""The files that pages refer to, each under an address with its hash, so that browsers keep it and never a stale one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _Asset:
    """One file, as it was when the process began."""

    content: bytes
    media_type: str
    digest: str


class Assets:
    """All files of these folders. Raises TypeError for two of one name."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._files: dict[str, _Asset] = {}
        for path in (each for folder in folders for each in folder.iterdir() if each.suffix in _TYPES):
            if path.name in self._files:
                raise TypeError(f"{path}: another asset has this name")
            self._files[path.name] = _read(path)

    def address(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for one that does not exist."""
        return f"/assets/{self._files[name].digest}/{name}"

    def show(self, digest: str, name: str) -> Response:
        """Return a file, if the address is the one of its present content."""
        asset = self._files.get(name)
        if asset is None or asset.digest != digest:
            abort(404)
        return Response(asset.content, content_type=asset.media_type, headers={"Cache-Control": _KEPT})


def _read(path: Path) -> _Asset:
    content = path.read_bytes()
    return _Asset(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])
