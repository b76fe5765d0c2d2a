"""Reads a request's body within limits of size and time, and only if the operation accepts its media type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eventlet import Timeout
from eventlet.wsgi import ChunkReadError

from ngao.chassis.errors import InvalidInput, TooLarge, UnsupportedMediaType
from ngao.chassis.http.call import Meter
from ngao.chassis.http.problems import TooSlow

_PIECE_BYTES = 16 * 1024
# 16 KiB in this time is about 1 KiB/s: a weak mobile link manages that, a stalling client does not.
PIECE_SECONDS = 15.0
ANYTHING = "*/*"
_UTF_8 = {"utf-8", "utf8", "us-ascii", "ascii"}
"""Names that clients use for UTF-8. The parser checks that the bytes are UTF-8."""


def read_body(environ: Mapping[str, Any], limit: int, accepts: tuple[str, ...], meter: Meter) -> tuple[bytes, str]:
    """Return `(body, media type)`. An operation that accepts `*/*` gets any media type. The meter counts the bytes.

    Raises TooLarge (before reading, if it can), UnsupportedMediaType, TooSlow, InvalidInput.
    """
    chunked = environ["eventlet.input"].chunked_input
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not chunked and not length:
        return b"", ""
    if length > limit:
        raise TooLarge(f"The body may have at most {limit} bytes.")
    media_type = _media_type(environ, accepts)
    return _read(environ["eventlet.input"], limit, meter), media_type


def _media_type(environ: Mapping[str, Any], accepts: tuple[str, ...]) -> str:
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType("Compressed bodies are not taken.")
    media_type, *parameters = (each.strip() for each in environ.get("CONTENT_TYPE", "").lower().split(";"))
    if ANYTHING in accepts:
        return str(media_type)
    if not _charsets(parameters) <= _UTF_8:
        raise UnsupportedMediaType("Bodies must be UTF-8.")
    if media_type not in accepts:
        raise UnsupportedMediaType(f"Send one of: {', '.join(accepts)}.")
    return str(media_type)


def _charsets(parameters: Iterable[str]) -> set[str]:
    pairs = (each.partition("=") for each in parameters)
    return {value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"}


def _read(stream: Any, limit: int, meter: Meter) -> bytes:
    pieces, size = [], 0
    while piece := _piece(stream):
        size += len(piece)
        meter.bytes = size
        if size > limit:
            raise TooLarge(f"The body may have at most {limit} bytes.")
        pieces.append(piece)
    if not stream.chunked_input and size < stream.content_length:
        raise InvalidInput("The body ended before its declared length.", slug="incomplete-body", status=400)
    return b"".join(pieces)


def _piece(stream: Any) -> bytes:
    try:
        with Timeout(PIECE_SECONDS, TooSlow("The body came too slowly.")):
            return bytes(stream.read(_PIECE_BYTES))
    except TimeoutError:
        raise TooSlow("The body came too slowly.") from None
    except (ChunkReadError, OSError):
        raise InvalidInput("The body's transfer coding is broken.", slug="incomplete-body", status=400) from None
