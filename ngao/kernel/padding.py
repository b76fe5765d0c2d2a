"""Pad boxes to a few sizes, because the length of a sealed text must not reveal which person's it is.

JSON allows white space at its end (RFC 8259, section 2), so a reader of an older version opens a padded box unchanged.
"""

from __future__ import annotations

_KIB = 1024
SIZES = (1 * _KIB, 4 * _KIB, 16 * _KIB, 64 * _KIB, 256 * _KIB)
"""Contents in bytes. A contact fits the first, most narratives the second."""
STEP = 16 * _KIB
"""Above the last size: the next multiple, so that a report near the limit stays within it."""


def padded(document: bytes) -> bytes:
    """Return a JSON document with spaces at its end: as long as the next of `SIZES`, above them the next multiple of `STEP`."""
    return document.ljust(_size(len(document)))


def _size(length: int) -> int:
    return next((size for size in SIZES if length <= size), -(-length // STEP) * STEP)
