"""The files that pages refer to, each under an address with its hash, so that browsers keep it and never a stale one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Response, abort

_FOLDER = Path(__file__).with_name("assets")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _Asset:
    """One file, as it was when the process began."""

    content: bytes
    media_type: str
    digest: str


class Assets:
    """All files of the folder."""

    def __init__(self) -> None:
        self._files = {path.name: _read(path) for path in _FOLDER.iterdir() if path.suffix in _TYPES}

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
