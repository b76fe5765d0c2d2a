"""An image as its layers hold it: every byte that was ever written into it."""

from __future__ import annotations

import gzip
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

_CHUNK = 1 << 24


def search(image: str, patterns: Iterable[bytes], folder: Path) -> set[bytes]:
    """Which patterns stand in any layer or in the image's own description, whiteouts and removed files included."""
    saved = folder / "image.tar"
    subprocess.run(["docker", "save", "--output", str(saved), image], check=True, timeout=300)
    found: set[bytes] = set()
    try:
        with tarfile.open(saved) as outer:
            for member in outer:
                inside = outer.extractfile(member) if member.isfile() else None
                if inside is not None:
                    packed = inside.peek(2)[:2] == b"\x1f\x8b"
                    found |= _in_stream(gzip.GzipFile(fileobj=inside) if packed else inside, tuple(patterns))
    finally:
        saved.unlink()
    return found


def _in_stream(stream: IO[bytes], patterns: tuple[bytes, ...]) -> set[bytes]:
    keep = max(map(len, patterns)) - 1
    found, tail = set(), b""
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        found |= {each for each in patterns if each in window}
        tail = window[-keep:]
    return found
